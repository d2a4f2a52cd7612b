// Lines of a stream that comes in pieces: events of a watch.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sources::api_server {

class LineReader {
 public:
  // EFBIG stands for a line longer than 16 MiB, whose content is dropped; the lines after it are read as ever. False: no more lines.
  using Visit = std::function<bool(base::Result<std::string_view> line)>;

  // Visits each line that the piece completes, empty ones not. False when a visit said so.
  bool feed(std::string_view piece, const Visit& visit);
  // Something came after the last end of a line.
  bool in_line() const { return !begun_.empty() || too_long_; }

 private:
  void keep(std::string_view part);

  std::string begun_;
  bool too_long_ = false;
};

}  // namespace sources::api_server
