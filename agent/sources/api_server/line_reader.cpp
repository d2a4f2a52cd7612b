#include "sources/api_server/line_reader.h"

#include "sources/decode/budget.h"

namespace sources::api_server {

bool LineReader::feed(std::string_view piece, const Visit& visit) {
  for (size_t end; (end = piece.find('\n')) != std::string_view::npos;) {
    std::string_view line = piece.substr(0, end);
    piece.remove_prefix(end + 1);
    std::string whole;
    if (in_line() || line.size() > decode::kMaxTextBytes) {
      keep(line);
      line = whole = std::exchange(begun_, {});
    }
    if (std::exchange(too_long_, false)) {
      if (!visit(base::Error{EFBIG, "is larger than 16 MiB"})) return false;
    } else if (!line.empty() && !visit(line)) {
      return false;
    }
  }
  if (!piece.empty()) keep(piece);
  return true;
}

void LineReader::keep(std::string_view part) {
  too_long_ |= begun_.size() + part.size() > decode::kMaxTextBytes;
  if (too_long_)
    begun_ = {};
  else
    begun_ += part;
}

}  // namespace sources::api_server
