// A port of the node that leads to a port of a pod: a container's hostPort, as the CNI runtime asks for it (capability portMappings).
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "model/cluster/service.h"

namespace model {

struct HostPort {
  std::optional<base::Ip> host_ip;  // of the node; nullopt: all of them; unspecified: all of its family
  uint16_t host_port = 0, container_port = 0;
  Protocol protocol = Protocol::kTcp;

  bool operator==(const HostPort&) const = default;
};

}  // namespace model
