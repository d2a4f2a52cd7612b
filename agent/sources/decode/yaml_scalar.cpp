#include "sources/decode/yaml_scalar.h"

#include <charconv>
#include <optional>

namespace sources::decode {
namespace {

using nlohmann::json;

template <class Number, class... Base>
std::optional<json> whole(std::string_view text, Base... base) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base...);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<json> integer(std::string_view text) {
  if (text.starts_with("0x")) return whole<uint64_t>(text.substr(2), 16);
  if (text.starts_with("0o")) return whole<uint64_t>(text.substr(2), 8);
  if (text.starts_with('-')) return whole<int64_t>(text, 10);
  return whole<uint64_t>(text, 10);
}

std::optional<json> floating(std::string_view text) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;  // from_chars knows inf, nan
  return whole<double>(text);
}

}  // namespace

base::Result<json> typed_scalar(const std::string& tag, const std::string& text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return json(text);
  bool known = tag.empty() || tag == "?";
  for (auto name : {"int", "bool", "null", "float"}) known |= tag.starts_with(kCore) && tag.substr(kCore.size()) == name;
  if (!known) return base::Error{EINVAL, "tag " + tag.substr(0, 64) + " is not known"};
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return json(nullptr);
  if (text == "true" || text == "True" || text == "TRUE") return json(true);
  if (text == "false" || text == "False" || text == "FALSE") return json(false);
  std::string_view unsigned_text = text;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') unsigned_text.remove_prefix(1);
  if (auto number = integer(unsigned_text)) return std::move(*number);
  if (auto number = floating(unsigned_text)) return std::move(*number);
  return json(text);
}

}  // namespace sources::decode
