#include "status/metrics_text.h"

#include <charconv>
#include <cmath>

namespace status {
namespace {

// What a label's value must not hold as it is; of a help text the quotation mark may stay.
std::string escaped(std::string_view text, bool quoted) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quoted)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string MetricsText::number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  auto [end, code] = std::to_chars(text, text + sizeof text, value);
  return {text, code == std::errc{} ? end : text};
}

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(escaped(help, false)).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::sample(Labels labels, double value) { write("", labels, {}, number(value)); }
void MetricsText::sample(Labels labels, uint64_t value) { write("", labels, {}, std::to_string(value)); }

void MetricsText::bucket(Labels labels, std::string_view upper_end, uint64_t count) {
  write("_bucket", labels, upper_end, std::to_string(count));
}

void MetricsText::write(std::string_view suffix, Labels labels, std::string_view upper_end, std::string_view value) {
  text_.append(name_).append(suffix);
  std::string inside;
  auto add = [&](std::string_view name, std::string_view text) {
    inside.append(inside.empty() ? "" : ",").append(name).append("=\"").append(escaped(text, true)).append("\"");
  };
  for (const auto& [name, text] : labels) add(name, text);
  if (!upper_end.empty()) add("le", upper_end);
  if (!inside.empty()) text_.append("{").append(inside).append("}");
  text_.append(" ").append(value).append("\n");
}

}  // namespace status
