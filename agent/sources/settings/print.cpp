#include "sources/settings/print.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sources/decode/yaml_scalar.h"

namespace sources::settings {
namespace {

// Plain where nothing can be read otherwise; a JSON string is one of YAML's too.
std::string scalar_text(const std::string& text) {
  auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '/' || c == '-' || c == '+'; };
  const bool plain = !text.empty() && (std::isalnum(static_cast<unsigned char>(text[0])) || text[0] == '/') &&
                     std::all_of(text.begin(), text.end(), is_plain);
  auto typed = decode::typed_scalar("?", text);
  if (plain && typed.ok() && !typed->is_null()) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string inline_text(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kScalar:
      return scalar_text(value.text);
    case Value::Kind::kList:
      for (const auto& item : value.items) text += (text.empty() ? "" : ", ") + inline_text(item);
      return "[" + text + "]";
    case Value::Kind::kMap:
      for (const auto& entry : value.entries) text += (text.empty() ? "" : ", ") + scalar_text(entry.key) + ": " + inline_text(entry.value);
      return "{" + text + "}";
  }
  return text;
}

struct Printer {
  const std::function<std::string(const std::string&)>& comment;
  std::string text;

  void print(const Value& map, const std::string& path, size_t indent) {
    for (const auto& entry : map.entries) {
      const std::string below = path.empty() ? entry.key : path + "." + entry.key;
      const std::string note = comment(below);
      const bool block = entry.value.kind == Value::Kind::kMap && !entry.value.entries.empty();
      text += std::string(indent, ' ') + scalar_text(entry.key) + ":" + (block ? "" : " " + inline_text(entry.value));
      text += (note.empty() ? "" : "  # " + note) + "\n";
      if (block) print(entry.value, below, indent + 2);
    }
  }
};

}  // namespace

std::string print(const Value& map, const std::function<std::string(const std::string& path)>& comment) {
  Printer printer{comment, ""};
  printer.print(map, "", 0);
  return std::move(printer.text);
}

}  // namespace sources::settings
