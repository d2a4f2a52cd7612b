// Cuts the objects out of a List (meta/v1) as it comes from the wire, so that memory holds one of them and never the list.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sources::api_server {

class ListReader {
 public:
  // The JSON text of one of `items`, or EFBIG for one larger than 16 MiB, which is read over.
  using Visit = std::function<void(base::Result<std::string_view> item)>;

  void feed(std::string_view piece, const Visit& visit);
  // The list has ended as it should.
  bool finished() const { return finished_; }
  // JSON text of the list's own `metadata`; "" when there was none.
  const std::string& metadata() const { return metadata_; }

 private:
  enum class Part : uint8_t { kOther, kMetadata, kItem };

  void open(size_t at);
  void close(std::string_view piece, size_t at, const Visit& visit);
  void end_string(std::string_view piece, size_t at);
  void keep(std::string_view part);
  std::string_view whole(std::string_view piece, size_t end);

  size_t depth_ = 0;  // maps and lists open around the next byte
  bool in_string_ = false, escaped_ = false, expects_key_ = false, finished_ = false;
  bool in_key_ = false;
  std::string key_;  // of the list itself, the last one read
  Part part_ = Part::kOther;
  bool capturing_ = false, too_long_ = false;
  size_t captured_from_ = 0;  // in the piece at hand
  std::string begun_;         // what earlier pieces had of the part being captured
  std::string metadata_;
};

}  // namespace sources::api_server
