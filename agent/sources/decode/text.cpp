// Here: JSON, and the choice between the two formats. YAML is in yaml.cpp.
#include "sources/decode/text.h"

#include <algorithm>

#include "base/text.h"
#include "sources/decode/tree_builder.h"

namespace sources::decode {
namespace {

class JsonEvents {
 public:
  explicit JsonEvents(Budget& budget) : tree(budget) {}

  bool null() { return tree.add(nullptr); }
  bool boolean(bool value) { return tree.add(value); }
  bool number_integer(int64_t value) { return tree.add(value); }
  bool number_unsigned(uint64_t value) { return tree.add(value); }
  bool number_float(double value, const std::string&) { return tree.add(value); }
  bool string(std::string& value) { return tree.add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return tree.open(nlohmann::json::object()); }
  bool key(std::string& name) { return tree.key(name); }
  bool end_object() { return tree.close(), true; }
  bool start_array(size_t) { return tree.open(nlohmann::json::array()); }
  bool end_array() { return tree.close(), true; }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    error_position = position;
    return tree.refuse("is not JSON");
  }

  TreeBuilder<JsonTree> tree;
  size_t error_position = 0;  // bytes from the start
};

}  // namespace

Document parse_json(std::string_view text) {
  if (text.size() > kMaxTextBytes) return base::Error{EFBIG, "larger than 16 MiB"};
  Budget budget;
  JsonEvents events(budget);
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
