#include "status/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace status {
namespace {

struct ToText {
  std::string operator()(const std::string& value) const { return printable(value); }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(const std::vector<std::string>& values) const { return printable(base::join(values, ",")); }
};

std::vector<std::string_view> columns_of(const TableView& view) {
  std::vector<std::string_view> names;
  for (const Line& line : view.lines)
    for (const auto& [name, value] : line.fields)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

std::string heading(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = c == '_' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

using Cells = std::vector<std::string>;

Cells cells_of(const Line& line, const std::vector<std::string_view>& names) {
  Cells cells{printable(line.key)};
  for (std::string_view name : names) {
    auto field = std::find_if(line.fields.begin(), line.fields.end(), [&](const auto& f) { return f.first == name; });
    cells.push_back(field == line.fields.end() ? "" : std::visit(ToText{}, field->second));
  }
  return cells;
}

// Columns count characters, not bytes: continuation bytes of UTF-8 take no place.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

std::string align(const std::vector<Cells>& rows, const std::vector<size_t>& widths) {
  std::string text;
  for (const Cells& cells : rows) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (!widths[i]) continue;
      const std::string& cell = cells[i].empty() ? "-" : cells[i];
      line += (line.empty() ? "" : "  ") + cell + std::string(widths[i] - width(cell), ' ');
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      constexpr char kHex[] = "0123456789abcdef";
      out += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::string render_text(const TableView& view) {
  if (view.lines.empty()) return "(empty)\n";
  auto names = columns_of(view);
  std::vector<Cells> rows{{heading(view.key_name)}};
  for (std::string_view name : names) rows.front().push_back(heading(name));
  std::vector<size_t> widths(names.size() + 1);
  for (const Line& line : view.lines) {
    rows.push_back(cells_of(line, names));
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width(rows.back()[i]));
  }
  if (view.key_name.empty()) widths[0] = 0;
  for (size_t i = 0; i < widths.size(); ++i)
    if (widths[i]) widths[i] = std::max(widths[i], width(rows.front()[i]));
  return align(rows, widths);
}

std::string render_json(const TableView& view) {
  auto array = nlohmann::ordered_json::array();
  for (const Line& line : view.lines) {
    nlohmann::ordered_json object{{"key", line.key}};
    for (const auto& [name, value] : line.fields) std::visit([&, name = std::string(name)](const auto& v) { object[name] = v; }, value);
    array.push_back(std::move(object));
  }
  return dump(array);
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace status
