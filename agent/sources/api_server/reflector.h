// What one resource of the API server is to a client that wants all of it, always: which request is next, what its answer means, when to
// try again. No thread, clock or socket: watcher.h puts those around it.
//
// The full state is asked for as one list, which a server since 1.33 streams from its cache (KEP-5116) for half of what a WatchList costs
// it; in pages, where that does not come in time. It is asked for once, and again only when it was not finished or the server has forgotten
// what came since (410); every other end of a watch goes on from the last resourceVersion.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/backoff.h"
#include "base/result.h"
#include "io/kube/connection.h"
#include "sources/api_server/event.h"
#include "sources/api_server/line_reader.h"
#include "sources/api_server/list_reader.h"

namespace sources::api_server {

struct Request {
  std::string target;    // path and query
  base::Millis silence;  // for so long nothing may come
};

// Before the next request.
struct Pause {
  base::Millis time{};
  bool until_reachable = false;  // the server was: an answer to whoever else asked it ends this pause
};

class Reflector {
 public:
  // `kind` is an index of resources(). The seed decides about jitter only.
  Reflector(size_t kind, const std::string& node_name, uint64_t seed, const std::string& proxy_name = "");

  Request next(base::BootTime now, Events& events);
  // A piece of the answer's body, the first one empty when the server has agreed. False: the rest is of no use, end the request.
  bool take(std::string_view piece, base::BootTime now, Events& events);
  // The request is over.
  Pause ended(const base::Result<io::kube::Answer>& outcome, base::BootTime now, Events& events);

 private:
  enum class Asking : uint8_t { kWhole, kPage, kWatch };

  bool take_line(std::string_view line, Events& events);
  void watches(base::BootTime since, Events& events);
  Pause given_up(base::BootTime now, Events& events);
  Pause list_ended(base::BootTime now, Events& events);
  Pause watch_ended(base::BootTime now);
  Pause cut_off(const base::Error& error, base::BootTime now, Events& events);
  Pause refused(const io::kube::Answer& answer, base::BootTime now, Events& events);
  base::Millis jittered(base::Millis time);
  void begin_again();
  bool knows_all() const { return !version_.empty(); }
  Pause wait(base::BootTime now);

  size_t kind_;
  std::string target_;
  std::mt19937_64 random_;
  uint32_t failures_ = 0;  // in a row
  base::BootTime failed_{};
  bool in_pages_ = false;
  std::string version_;             // resourceVersion to go on from; "": no full state has come, or not since the server forgot
  std::string page_;                // token of the next page
  int too_large_ = 0;               // answers in a row that version_ lies in the future
  base::Millis patience_{120'000};  // with a list, or a page of it

  // Of the request under way.
  Asking asking_ = Asking::kWhole;
  base::BootTime asked_{};
  bool answered_ = false, gave_up_ = false;
  std::optional<base::BootTime> watching_since_;
  LineReader lines_;
  ListReader list_;
  std::optional<ErrorEvent> error_;
};

}  // namespace sources::api_server
