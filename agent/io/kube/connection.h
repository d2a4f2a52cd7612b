// The API server as sources and stores see it: one HTTP/1.1 connection, used by one thread, kept open between requests and opened again
// when it broke. The real one speaks TLS by a kubeconfig (io/kube/client.h); tests put their own in its place.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace io::kube {

// A server that names a longer pause is mistaken or means ill: it is asked again.
constexpr base::Millis kLongestRetryAfter{60'000};

// An answer of the server, whatever its status. For other statuses than 2xx the body was a Status object (meta/v1) or plain text.
struct Answer {
  int status = 0;
  std::string reason;   // Status.reason, "" when there was none: "Expired", "Forbidden", ...
  std::string message;  // Status.message, else the beginning of the body
  std::optional<base::Millis> retry_after;  // kLongestRetryAfter at most

  bool ok() const { return status >= 200 && status < 300; }
};

// Takes a piece of a 2xx body, as it comes from the wire, and before all of them an empty one, when the head has come: a watch may have
// nothing to say for long. False ends the request, which is then no error.
using BodySink = std::function<bool(std::string_view piece)>;

class Connection {
 public:
  virtual ~Connection() = default;
  // `target`: path and query. Returns when the body has ended, the sink said false, no head or nothing of the body came for `silence`
  // (ETIMEDOUT), or stop() was called (ECANCELED). Other errors: no credentials, no connection, TLS, a body cut off (EPIPE).
  virtual base::Result<Answer> get(const std::string& target, base::Millis silence, const BodySink& sink) = 0;
  virtual base::Result<Answer> patch(const std::string& target, const std::string& content_type, const std::string& body) = 0;
  // From any thread: ends the request under way, and each later one at once.
  virtual void stop() = 0;
};

// Makes a connection that is not open yet.
using Connector = std::function<std::unique_ptr<Connection>()>;

}  // namespace io::kube
