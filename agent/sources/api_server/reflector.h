// What one resource of the API server is to a client that wants all of it, always: which request is next, what its answer means, when to
// try again. No thread, clock or socket: watcher.h puts those around it.
//
// The full state comes as a stream that goes on as the watch (WatchList, KEP-3157) or, where the server does not offer that, in pages. It
// is asked for once, and again only when it was not finished or the server has forgotten what came since (410); every other end of a stream
// goes on from the last resourceVersion.
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
  Reflector(size_t kind, const std::string& node_name, uint64_t seed);

  Request next(base::BootTime now, Events& events);
  // A piece of the answer's body, the first one empty when the server has agreed. False: the rest is of no use, end the request.
  bool take(std::string_view piece, base::BootTime now, Events& events);
  // The request is over.
  Pause ended(const base::Result<io::kube::Answer>& outcome, base::BootTime now, Events& events);

 private:
  enum class Asking : uint8_t { kWatchList, kPage, kWatch };

  bool take_line(std::string_view line, base::BootTime now, Events& events);
  void watches(base::BootTime since, Events& events);
  Pause given_up(base::BootTime now, Events& events);
  Pause page_ended(base::BootTime now, Events& events);
  Pause stream_ended(base::BootTime now, Events& events);
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
  bool offers_watch_list_ = true;
  bool limits_pages_ = true;
  std::string version_;             // resourceVersion to go on from; "": no full state has come, or not since the server forgot
  std::string page_;                // token of the next page
  int too_large_ = 0;               // answers in a row that version_ lies in the future
  base::Millis patience_{120'000};  // with a request for what is there, or a page of it

  // Of the request under way.
  Asking asking_ = Asking::kWatchList;
  base::BootTime asked_{};
  bool answered_ = false, gave_up_ = false;
  std::optional<base::BootTime> watching_since_;
  LineReader lines_;
  ListReader list_;
  std::optional<ErrorEvent> error_;
};

}  // namespace sources::api_server
