// HTTP/1.1 responses from bytes as they come (RFC 9112): the head at once, the body piece by piece. No sockets here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "io/kube/connection.h"
#include "io/kube/inflater.h"

namespace io::kube {

struct Head {
  int status = 0;
  bool keep_alive = true;                   // the connection can carry another request after the body
  bool chunked = false;                     // Transfer-Encoding
  bool gzip = false;                        // Content-Encoding
  std::optional<uint64_t> length;           // Content-Length; of a body that cannot exist 0
  std::optional<base::Millis> retry_after;  // of its form in seconds, kLongestRetryAfter at most
};

// Length of the head with its empty line, npos while that has not come.
size_t head_length(std::string_view bytes);
base::Result<Head> parse_head(std::string_view text);

class Body {
 public:
  explicit Body(const Head& head);

  enum class Next { kMore, kEnd, kRefused };  // kRefused: by the sink
  // Takes its own bytes from the front of `bytes`; what remains after kEnd is no part of this response. The sink gets plain content.
  base::Result<Next> feed(std::string_view& bytes, const BodySink& sink);
  // The connection ended: whether that may end this body (it had neither a length nor chunks).
  bool ends_with_connection() const { return part_ == Part::kUntilClose && content_is_whole(); }
  bool ended() const { return part_ == Part::kEnd; }

 private:
  enum class Part { kChunkSize, kContent, kChunkEnd, kTrailer, kUntilClose, kEnd };

  bool take_line(std::string_view& bytes);
  base::Result<void> end_line();
  base::Result<bool> deliver(std::string_view content, const BodySink& sink);
  bool content_is_whole() const { return !inflater_ || inflater_->ended(); }

  Part part_;
  bool chunked_;
  uint64_t rest_ = 0;  // bytes of the content or chunk that are still to come
  std::string line_;
  bool gzip_;
  std::unique_ptr<Inflater> inflater_;  // from the first byte of gzip content on
};

}  // namespace io::kube
