// What each path of the HTTP endpoint says: a pure function of the request and of what the engine published last.
#pragma once

#include <functional>
#include <memory>

#include "io/http/message.h"
#include "model/effect.h"
#include "status/surroundings.h"

namespace status {

struct Moment {
  std::shared_ptr<const model::Published> published;  // null: the engine has not finished its first pass
  bool alive = false;                                 // its loop turns
  base::BootTime now{};
  std::function<Surroundings(const std::string& bpf_root)> look_around;  // for those who ask for the whole status
};

io::http::Response answer(const io::http::Request& request, const Moment& moment);

}  // namespace status
