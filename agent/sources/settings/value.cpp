#include "sources/settings/value.h"

#include <unordered_map>

#include "base/text.h"

namespace sources::settings {
namespace {

constexpr size_t kSummaryBytes = 120;

std::string printable(std::string_view text, size_t most) {
  bool cut = text.size() > most;
  if (cut) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;  // not within a UTF-8 sequence
    text = text.substr(0, most);
  }
  std::string clean(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return cut ? clean + "..." : clean;
}

}  // namespace

std::string to_string(const Mark& mark) { return mark.line ? *mark.origin + ":" + std::to_string(mark.line) : *mark.origin; }

bool Value::is_empty() const { return kind == Kind::kNull || (kind == Kind::kScalar && text.empty()); }

void merge(Value& base, Value over) {
  if (base.kind != Value::Kind::kMap || over.kind != Value::Kind::kMap) {
    base = std::move(over);
    return;
  }
  std::unordered_map<std::string, size_t> place;
  for (size_t i = 0; i < base.entries.size(); ++i) place[base.entries[i].key] = i;
  for (auto& entry : over.entries) {
    auto [known, is_new] = place.try_emplace(entry.key, base.entries.size());
    if (is_new) {
      base.entries.push_back(std::move(entry));
      continue;
    }
    Entry& below = base.entries[known->second];
    below.mark = entry.mark;
    merge(below.value, std::move(entry.value));
  }
}

std::string summary(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kScalar:
      return printable(value.text, kSummaryBytes);
    case Value::Kind::kMap:
      return value.entries.empty() ? "{}" : "{...}";
    case Value::Kind::kList:
      break;
  }
  std::vector<std::string> parts;
  for (const auto& item : value.items) {
    if (item.kind != Value::Kind::kScalar || parts.size() == 16) return "[...]";
    parts.push_back(item.text);
  }
  return printable("[" + base::join(parts, ", ") + "]", kSummaryBytes);
}

std::string shown(std::string_view text) { return "\"" + printable(text, 64) + "\""; }

}  // namespace sources::settings
