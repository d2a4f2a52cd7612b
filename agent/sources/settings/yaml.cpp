#include "sources/settings/yaml.h"

#include <unordered_map>

#include "sources/decode/utf8.h"
#include "sources/decode/yaml_events.h"
#include "sources/settings/templates.h"

namespace sources::settings {
namespace {

constexpr decode::Limits kLimits{50'000, 1 << 20};  // the chart's own file has 3,000 values

// See decode::JsonTree.
struct ValueTree {
  using Value = settings::Value;
  using Names = std::unordered_map<std::string, size_t>;  // places in the map's entries

  std::shared_ptr<const std::string> file;
  int first_line = 0;                            // of the document in the file
  std::vector<model::Problem>* twice = nullptr;  // null: a key that is there twice is refused

  static Value empty_map() { return {Value::Kind::kMap, {}, {}, {}}; }
  static Value empty_list() { return {Value::Kind::kList, {}, {}, {}}; }
  static Value scalar(const nlohmann::json& typed, const std::string& text) {
    return typed.is_null() ? Value() : Value{Value::Kind::kScalar, text, {}, {}};
  }
  static bool is_null(const Value& value) { return value.kind == Value::Kind::kNull; }
  static bool is_map(const Value& value) { return value.kind == Value::Kind::kMap; }
  static bool is_list(const Value& value) { return value.kind == Value::Kind::kList; }
  static Value& append(Value& list, Value&& value) { return list.items.emplace_back(std::move(value)); }
  Value* member(Value& map, Names& names, const std::string& name, int line) const {
    const Mark mark{file, first_line + line + 1};
    auto [place, is_new] = names.try_emplace(name, map.entries.size());
    if (is_new) return &map.entries.emplace_back(Entry{name, mark, {}}).value;
    if (!twice) return nullptr;
    Entry& entry = map.entries[place->second];
    twice->push_back({to_string(entry.mark), "key " + shown(name) + " is there twice, and the one at " + to_string(mark) + " counts", ""});
    entry = {name, mark, {}};
    return &entry.value;
  }
  static Value take(Value& map, const std::string& name) {
    for (auto entry = map.entries.begin(); entry != map.entries.end(); ++entry) {
      if (entry->key != name) continue;
      Value value = std::move(entry->value);
      map.entries.erase(entry);
      return value;
    }
    return {};
  }
  static void add_missing(Value& map, Value&& from) {
    Names names;
    for (const auto& entry : map.entries) names.emplace(entry.key, 0);
    for (auto& entry : from.entries)
      if (names.emplace(entry.key, 0).second) map.entries.push_back(std::move(entry));
  }
  static std::vector<Value> items(Value&& list) { return std::move(list.items); }
  static size_t bytes(const Value& value) {
    size_t bytes = 128 + value.text.size();
    for (const auto& item : value.items) bytes += ValueTree::bytes(item);
    for (const auto& entry : value.entries) bytes += entry.key.size() + ValueTree::bytes(entry.value);
    return bytes;
  }
};

model::Problem wrong(const NamedText& file, int line, const std::string& why) {
  return {file.name + ":" + std::to_string(line + 1), why, ""};
}

std::variant<Value, model::Problem> parse(const NamedText& file, const decode::YamlText& document, decode::Budget& budget,
                                          std::vector<model::Problem>* twice) {
  ValueTree tree{std::make_shared<const std::string>(file.name), document.line, twice};
  auto parsed = decode::parse_yaml_document(document.text, budget, std::move(tree));
  if (auto* value = std::get_if<Value>(&parsed)) return std::move(*value);
  const auto& refusal = std::get<decode::YamlRefusal>(parsed);
  return wrong(file, document.line + refusal.line, (refusal.is_syntax ? "is not YAML: " : "") + refusal.why);
}

std::optional<model::Problem> unfit(const NamedText& file) {
  if (file.text.size() > kMaxFileBytes) return model::Problem{file.name, "is larger than 1 MiB", "a values file holds settings only"};
  if (!decode::is_utf8(file.text)) return model::Problem{file.name, "is not UTF-8 text", ""};
  return std::nullopt;
}

}  // namespace

std::variant<Value, model::Problem> read_values(const NamedText& file) {
  if (auto problem = unfit(file)) return *problem;
  auto documents = decode::split_documents(file.text);
  if (documents.empty()) return Value();
  if (documents.size() > 1) return wrong(file, documents[1].line, "a second YAML document begins here: one is read");
  decode::Budget budget{kLimits};
  auto read = parse(file, documents[0], budget, nullptr);
  const auto* value = std::get_if<Value>(&read);
  if (value && value->kind != Value::Kind::kMap && value->kind != Value::Kind::kNull)
    return wrong(file, documents[0].line, "is no map of keys");
  return read;
}

namespace {

Documents read_all(const NamedText& file) {
  Documents read;
  decode::Budget budget{kLimits};
  for (const auto& document : decode::split_documents(file.text)) {
    auto parsed = parse(file, document, budget, &read.twice);
    if (auto* problem = std::get_if<model::Problem>(&parsed))
      read.wrong.push_back(std::move(*problem));
    else if (auto& value = std::get<Value>(parsed); value.kind != Value::Kind::kNull)
      read.values.push_back(std::move(value));
  }
  return read;
}

}  // namespace

Documents read_documents(const NamedText& file) {
  if (auto problem = unfit(file)) return {{}, {*problem}, {}};
  Documents read = read_all(file);
  return read.wrong.empty() ? read : read_all({file.name, quoted_templates(file.text)});
}

}  // namespace sources::settings
