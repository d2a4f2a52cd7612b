#include "sources/api_server/list_reader.h"

#include "sources/decode/budget.h"

namespace sources::api_server {
namespace {

constexpr size_t kInList = 1, kInItems = 2;  // depths: inside of the outermost map, inside of its `items`

}  // namespace

void ListReader::feed(std::string_view piece, const Visit& visit) {
  captured_from_ = 0;
  for (size_t i = 0; i < piece.size(); ++i) {
    char c = piece[i];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\')
        escaped_ = true;
      else if (c == '"')
        end_string(piece, i);
    } else if (c == '"') {
      in_string_ = true;
      in_key_ = depth_ == kInList && expects_key_;
      if (in_key_) capturing_ = true, captured_from_ = i + 1;
    } else if (c == '{' || c == '[') {
      open(i);
    } else if (c == '}' || c == ']') {
      close(piece, i, visit);
    } else if (depth_ == kInList && (c == ',' || c == ':')) {
      expects_key_ = c == ',';
    }
  }
  if (capturing_) keep(piece.substr(captured_from_));
}

void ListReader::end_string(std::string_view piece, size_t at) {
  in_string_ = false;
  if (!std::exchange(in_key_, false)) return;
  key_ = whole(piece, at);
  begun_.clear();
  too_long_ = expects_key_ = false;
}

void ListReader::open(size_t at) {
  bool is_metadata = depth_ == kInList && key_ == "metadata", is_item = depth_ == kInItems && key_ == "items";
  if (!capturing_ && (is_metadata || is_item)) {
    part_ = is_item ? Part::kItem : Part::kMetadata;
    capturing_ = true;
    captured_from_ = at;
  }
  if (depth_++ == 0) expects_key_ = true;
}

void ListReader::close(std::string_view piece, size_t at, const Visit& visit) {
  if (depth_ == 0) return;
  --depth_;
  finished_ |= depth_ == 0;
  bool is_end = capturing_ && depth_ == (part_ == Part::kItem ? kInItems : kInList);
  if (!is_end) return;
  std::string_view text = whole(piece, at + 1);
  bool too_long = std::exchange(too_long_, false);
  if (part_ == Part::kMetadata)
    metadata_ = text;
  else if (too_long)
    visit(base::Error{EFBIG, "is larger than 16 MiB"});
  else
    visit(text);
  begun_.clear();
  part_ = Part::kOther;
}

std::string_view ListReader::whole(std::string_view piece, size_t end) {
  std::string_view rest = piece.substr(captured_from_, end - captured_from_);
  capturing_ = false;
  if (begun_.empty() && !too_long_ && rest.size() <= decode::kMaxTextBytes) return rest;
  keep(rest);
  return begun_;
}

void ListReader::keep(std::string_view part) {
  too_long_ |= begun_.size() + part.size() > decode::kMaxTextBytes;
  if (too_long_)
    begun_.clear();
  else
    begun_ += part;
}

}  // namespace sources::api_server
