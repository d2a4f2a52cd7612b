#include "sources/settings/set_argument.h"

#include <algorithm>

#include "sources/decode/utf8.h"
#include "sources/decode/yaml_scalar.h"

namespace sources::settings {
namespace {

constexpr size_t kMaxArgumentBytes = 64 << 10;
constexpr size_t kMaxParts = 16;  // of one key; the chart's deepest has 9

// The parts between unescaped separators; those within braces do not count. Escapes stay.
std::vector<std::string> split_unescaped(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  bool in_list = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      parts.back() += text[i++];
      parts.back() += text[i];
      continue;
    }
    in_list = text[i] == '{' || (in_list && text[i] != '}');
    if (text[i] == separator && !in_list)
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  return parts;
}

std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

Value scalar(const std::string& text) {
  Value value;
  std::string plain = unescaped(text);
  auto typed = decode::typed_scalar("?", plain);
  if (typed.ok() && typed->is_null()) return value;
  value.kind = Value::Kind::kScalar;
  value.text = std::move(plain);
  return value;
}

Value scalar_or_list(const std::string& text) {
  if (text.empty()) return Value{Value::Kind::kScalar, "", {}, {}};  // as Helm has it: "key=" is no null
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return scalar(text);
  Value list;
  list.kind = Value::Kind::kList;
  if (text.size() == 2) return list;
  for (const auto& item : split_unescaped(text.substr(1, text.size() - 2), ',')) list.items.push_back(scalar(item));
  return list;
}

model::Problem wrong(const std::string& assignment, const char* why) {
  return {"--set", shown(assignment) + ": " + why,
          "write --set key.subkey=value; lists as {a,b}; \\ before a comma that is part of a value"};
}

}  // namespace

std::variant<Value, model::Problem> read_set(const std::string& argument) {
  if (argument.size() > kMaxArgumentBytes) return wrong(argument, "is longer than 64 KiB");
  if (!decode::is_utf8(argument)) return wrong("", "is not UTF-8 text");
  auto origin = std::make_shared<const std::string>("--set");
  Value merged;
  merged.kind = Value::Kind::kMap;
  for (const auto& assignment : split_unescaped(argument, ',')) {
    size_t equals = assignment.find('=');
    if (equals == std::string::npos) return wrong(assignment, "has no =");
    auto parts = split_unescaped(assignment.substr(0, equals), '.');
    if (parts.size() > kMaxParts) return wrong(assignment, "has too many parts");
    Value value = scalar_or_list(assignment.substr(equals + 1));
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (part->empty()) return wrong(assignment, "has a key without a name");
      if (part->find('[') != std::string::npos) return wrong(assignment, "names a place in a list; the whole list is written as {a,b}");
      Value map;
      map.kind = Value::Kind::kMap;
      map.entries.push_back({unescaped(*part), {origin, 0}, std::move(value)});
      value = std::move(map);
    }
    merge(merged, std::move(value));
  }
  return merged;
}

}  // namespace sources::settings
