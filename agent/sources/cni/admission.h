// From what came over the control socket to a request that can be served: nothing of it is trusted.
#pragma once

#include <variant>

#include "base/fd.h"
#include "io/cni/message.h"
#include "io/cni/socket.h"

namespace sources::cni {

struct Admitted {
  io::cni::Request request;
  base::Fd netns;  // of ADD only: a network namespace that is not the agent's own
};

std::variant<Admitted, io::cni::Failure> admit(io::cni::Received received);

}  // namespace sources::cni
