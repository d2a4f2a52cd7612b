// What each path of the HTTP endpoint says: a pure function of the request and of what the engine published last.
#pragma once

#include <functional>
#include <memory>

#include "io/http/message.h"
#include "model/effect.h"
#include "status/listing.h"
#include "status/surroundings.h"

namespace status {

// What a listing leaves out, as a header, so that JSON stays the rows alone.
constexpr const char* kNoteHeader = "Ichor-Note";

struct Moment {
  std::shared_ptr<const model::Published> published;  // null: the engine has not finished its first pass
  bool alive = false;                                 // its loop turns
  base::BootTime now{};
  std::function<Surroundings(const std::string& bpf_root)> look_around;  // for those who ask for the whole status
  KernelMaps* kernel = nullptr;                                          // for those who ask for a listing; outlives the answer
};

io::http::Response answer(const io::http::Request& request, const Moment& moment);

}  // namespace status
