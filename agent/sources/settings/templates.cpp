#include "sources/settings/templates.h"

#include <algorithm>

#include "base/text.h"

namespace sources::settings {
namespace {

// Jinja's statements and comments, Terraform's directives, and expressions that have a line of their own.
bool steers(std::string_view line) {
  line = base::trim(line);
  for (std::string_view opening : {"{%", "{#", "%{"})
    if (line.starts_with(opening)) return true;
  return line.starts_with("{{") && line.ends_with("}}");
}

std::string quoted(std::string_view line) {
  const size_t expression = line.find("{{");
  if (expression == std::string_view::npos) return std::string(line);
  size_t value = 0;
  for (std::string_view separator : {": ", "- "})
    if (size_t found = line.rfind(separator, expression); found != std::string_view::npos)
      value = std::max(value, found + separator.size());
  value = line.find_first_not_of(' ', value);
  if (value > expression || value == 0 || line[value] == '"' || line[value] == '\'') return std::string(line);
  std::string text(line.substr(0, value));
  text += '\'';
  for (char c : base::trim(line.substr(value))) text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + '\'';
}

}  // namespace

std::string quoted_templates(std::string_view text) {
  std::string plain;
  for (auto line : base::split(text, '\n')) plain += (steers(line) ? "" : quoted(line)) + "\n";
  return plain;
}

bool has_template(const Value& value) {
  auto below = [](const auto& part) { return has_template(part); };
  return value.text.find("{{") != std::string::npos || value.text.find("${") != std::string::npos ||
         std::any_of(value.items.begin(), value.items.end(), below) ||
         std::any_of(value.entries.begin(), value.entries.end(), [&](const Entry& entry) { return below(entry.value); });
}

}  // namespace sources::settings
