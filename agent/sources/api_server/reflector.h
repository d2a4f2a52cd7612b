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

#include "base/result.h"
#include "io/kube/connection.h"
#include "sources/api_server/backoff.h"
#include "sources/api_server/event.h"
#include "sources/api_server/line_reader.h"
#include "sources/api_server/list_reader.h"

namespace sources::api_server {

struct Request {
  std::string target;    // path and query
  base::Millis silence;  // for so long nothing may come
};

class Reflector {
 public:
  // `kind` is an index of resources(). The seed decides about jitter only.
  Reflector(size_t kind, const std::string& node_name, uint64_t seed);

  Request next(base::BootTime now, Events& events);
  // A piece of the answer's body. False: the rest is of no use, end the request.
  bool take(std::string_view piece, Events& events);
  // The request is over. How long to wait before next().
  base::Millis ended(const base::Result<io::kube::Answer>& outcome, base::BootTime now, Events& events);

 private:
  enum class Asking : uint8_t { kWatchList, kPage, kWatch };

  bool take_line(std::string_view line, Events& events);
  base::Millis page_ended(base::BootTime now, Events& events);
  base::Millis stream_ended(base::BootTime now, Events& events);
  base::Millis cut_off(const base::Error& error, base::BootTime now, Events& events);
  base::Millis refused(const io::kube::Answer& answer, base::BootTime now, Events& events);
  void begin_again();
  bool knows_all() const { return !version_.empty(); }
  base::Millis wait(base::BootTime now) { return backoff_.next(now, random_); }

  size_t kind_;
  std::string target_;
  std::mt19937_64 random_;
  Backoff backoff_;
  bool offers_watch_list_ = true;
  bool limits_pages_ = true;
  std::string version_;  // resourceVersion to go on from; "": no full state has come, or not since the server forgot
  std::string page_;     // token of the next page
  int too_large_ = 0;    // answers in a row that version_ lies in the future

  // Of the request under way.
  Asking asking_ = Asking::kWatchList;
  base::BootTime asked_{};
  bool answered_ = false;
  LineReader lines_;
  ListReader list_;
  std::optional<ErrorEvent> error_;
};

}  // namespace sources::api_server
