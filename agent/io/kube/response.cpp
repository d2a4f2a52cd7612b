#include "io/kube/response.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace io::kube {
namespace {

constexpr size_t kLongestLine = 8192;  // bytes of a chunk's size with its extensions, or of a trailer field

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lowered;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || code != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

base::Error malformed(const std::string& what, std::string_view text) {
  return {EPROTO, "not an HTTP/1.1 response: " + what + " \"" + std::string(text.substr(0, 80)) + "\""};
}

// Of its form in seconds; a date is left to the client's own patience.
std::optional<base::Millis> pause_of(std::string_view value) {
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto seconds = number<uint32_t>(value);
  return seconds ? std::min<base::Millis>(std::chrono::seconds(*seconds), kLongestRetryAfter) : kLongestRetryAfter;
}

base::Result<void> read_field(std::string_view line, Head& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return malformed("field", line);
  const std::string name = lower(line.substr(0, colon));
  const std::string value = lower(base::trim(line.substr(colon + 1)));
  if (name == "content-length") {
    const auto length = number<uint64_t>(value);
    if (!length || (head.length && *head.length != *length)) return malformed("field", line);
    head.length = length;
  } else if (name == "transfer-encoding") {
    if (value != "chunked") return malformed("field", line);  // nothing else was offered in the request
    head.chunked = true;
  } else if (name == "content-encoding") {
    if (value != "gzip" && value != "identity") return malformed("field", line);
    head.gzip = value == "gzip";
  } else if (name == "connection") {
    head.keep_alive = value != "close";
  } else if (name == "retry-after") {
    head.retry_after = pause_of(value);
  }
  return {};
}

}  // namespace

size_t head_length(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? end : end + 4;
}

base::Result<Head> parse_head(std::string_view text) {
  Head head;
  bool first = true;
  for (std::string_view line : base::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      if (line.starts_with("HTTP/1.1 ")) head.status = number<int>(line.substr(9, 3)).value_or(0);
      if (head.status < 100) return malformed("status line", line);
      first = false;
    } else if (!line.empty()) {
      TRY(read_field(line, head));
    }
  }
  if (head.status < 200 || head.status == 204 || head.status == 304) {
    head.length = 0;
    head.chunked = false;
  }
  if (!head.chunked && !head.length) head.keep_alive = false;
  return head;
}

Body::Body(const Head& head) : part_(Part::kUntilClose), chunked_(head.chunked), gzip_(head.gzip) {
  if (head.chunked) {
    part_ = Part::kChunkSize;
  } else if (head.length) {
    rest_ = *head.length;
    part_ = rest_ ? Part::kContent : Part::kEnd;
  }
}

// Whether line_ now holds a whole one.
bool Body::take_line(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  const size_t taken = end == std::string_view::npos ? bytes.size() : end;
  line_.append(bytes.substr(0, std::min(taken, kLongestLine + 1)));
  bytes.remove_prefix(std::min(taken + 1, bytes.size()));
  if (end == std::string_view::npos) return false;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

base::Result<void> Body::end_line() {
  if (part_ == Part::kChunkSize) {
    const auto size = number<uint64_t>(base::trim(std::string_view(line_).substr(0, line_.find(';'))), 16);
    if (!size) return malformed("chunk size", line_);
    rest_ = *size;
    part_ = rest_ ? Part::kContent : Part::kTrailer;
  } else if (part_ == Part::kChunkEnd) {
    if (!line_.empty()) return malformed("chunk end", line_);
    part_ = Part::kChunkSize;
  } else if (line_.empty()) {
    part_ = Part::kEnd;
  }
  line_.clear();
  return {};
}

base::Result<bool> Body::deliver(std::string_view content, const BodySink& sink) {
  if (!gzip_) return sink(content);
  if (!inflater_) inflater_ = std::make_unique<Inflater>();
  return inflater_->feed(content, sink);
}

base::Result<Body::Next> Body::feed(std::string_view& bytes, const BodySink& sink) {
  while (!bytes.empty() && part_ != Part::kEnd) {
    if (part_ == Part::kContent || part_ == Part::kUntilClose) {
      const size_t length = part_ == Part::kUntilClose ? bytes.size() : std::min<uint64_t>(rest_, bytes.size());
      const std::string_view piece = bytes.substr(0, length);
      bytes.remove_prefix(length);
      if (!TRY(deliver(piece, sink))) return Next::kRefused;
      if (part_ == Part::kUntilClose) continue;
      rest_ -= length;
      if (rest_ == 0) part_ = chunked_ ? Part::kChunkEnd : Part::kEnd;
    } else if (take_line(bytes)) {
      TRY(end_line());
    } else if (line_.size() > kLongestLine) {
      return malformed("line", line_);
    }
  }
  if (part_ != Part::kEnd) return Next::kMore;
  if (!content_is_whole()) return base::Error{EPROTO, "not an HTTP/1.1 response: its gzip content ends too early"};
  return Next::kEnd;
}

}  // namespace io::kube
