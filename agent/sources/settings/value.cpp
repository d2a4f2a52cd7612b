#include "sources/settings/value.h"

#include <unordered_map>

#include "base/text.h"

namespace sources::settings {
namespace {

constexpr size_t kSummaryBytes = 120;

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
      return base::printable(value.text, kSummaryBytes);
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
  return base::printable("[" + base::join(parts, ", ") + "]", kSummaryBytes);
}

std::string shown(std::string_view text) { return "\"" + base::printable(text, 64) + "\""; }

}  // namespace sources::settings
