// Here: JSON, and the choice between the two formats. YAML is in yaml.cpp.
#include "sources/decode/text.h"

#include <algorithm>

#include "base/text.h"
#include "sources/decode/tree_builder.h"

namespace sources::decode {
namespace {

class JsonEvents {
 public:
  JsonEvents(Budget& budget, std::span<const std::string_view> left_out) : tree(budget), left_out_(left_out) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return open(nlohmann::json::object()); }
  bool key(std::string& name) {
    if (depth_left_out_) return true;
    leave_out_next_ = std::find(left_out_.begin(), left_out_.end(), name) != left_out_.end();
    return leave_out_next_ || tree.key(name);
  }
  bool end_object() { return close(); }
  bool start_array(size_t) { return open(nlohmann::json::array()); }
  bool end_array() { return close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    error_position = position;
    return tree.refuse("is not JSON");
  }

  TreeBuilder<JsonTree> tree;
  size_t error_position = 0;  // bytes from the start

 private:
  bool add(nlohmann::json scalar) {
    if (std::exchange(leave_out_next_, false) || depth_left_out_) return true;
    return tree.add(std::move(scalar));
  }
  bool open(nlohmann::json empty_container) {
    if (std::exchange(leave_out_next_, false) || depth_left_out_) return ++depth_left_out_, true;
    return tree.open(std::move(empty_container));
  }
  bool close() {
    if (depth_left_out_) return --depth_left_out_, true;
    return tree.close(), true;
  }

  std::span<const std::string_view> left_out_;
  bool leave_out_next_ = false;  // the value of the key just read
  size_t depth_left_out_ = 0;    // containers open within such a value, itself included
};

}  // namespace

Document parse_json(std::string_view text, std::span<const std::string_view> left_out) {
  if (text.size() > kMaxTextBytes) return base::Error{EFBIG, "larger than 16 MiB"};
  Budget budget;
  JsonEvents events(budget, left_out);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &events)) return events.tree.take();
  if (!events.error_position) return base::Error{EINVAL, events.tree.refusal()};
  auto before = text.substr(0, std::min(events.error_position, text.size()));
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto column = before.size() - (before.rfind('\n') + 1);
  return base::Error{EINVAL, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": is not JSON"};
}

std::vector<Document> parse_text(std::string_view file, std::string_view text) {
  std::vector<Document> documents;
  bool only_json = file.ends_with(".json");
  if (only_json || base::trim(text.substr(0, 256)).starts_with('{')) {
    documents.push_back(parse_json(text));
    if (only_json || documents.front().ok()) return documents;
  }
  return parse_yaml(text);
}

}  // namespace sources::decode
