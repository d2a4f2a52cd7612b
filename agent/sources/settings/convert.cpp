#include "sources/settings/convert.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "sources/settings/find_values.h"
#include "sources/settings/judge.h"
#include "sources/settings/print.h"
#include "sources/settings/templates.h"
#include "sources/settings/yaml.h"

namespace sources::settings {
namespace {

using model::SettingClass;

Entry& entry_of(Value& map, std::string_view key) {
  map.kind = Value::Kind::kMap;
  for (auto& entry : map.entries)
    if (entry.key == key) return entry;
  return map.entries.emplace_back(Entry{std::string(key), {}, {}});
}

// No key of the table has a dot in its name.
void put(Value& map, const std::string& path, const Value& value, const Mark& mark) {
  Value* place = &map;
  for (auto key : base::split(path, '.')) {
    Entry& entry = entry_of(*place, key);
    entry.mark = mark;
    place = &entry.value;
  }
  *place = value;
}

bool erase(Value& map, std::string_view path) {
  const size_t dot = path.find('.');
  auto found = std::find_if(map.entries.begin(), map.entries.end(), [&](const Entry& entry) { return entry.key == path.substr(0, dot); });
  if (found == map.entries.end()) return false;
  if (dot != std::string_view::npos && !erase(found->value, path.substr(dot + 1))) return false;
  if (dot == std::string_view::npos || found->value.entries.empty()) map.entries.erase(found);
  return true;
}

Value all_values(const std::vector<NamedText>& files, Conversion& conversion) {
  Value merged;
  merged.kind = Value::Kind::kMap;
  for (const auto& file : files) {
    auto documents = read_documents(file);
    size_t found = 0;
    for (const auto& document : documents.values)
      for (auto& values : find_values(document)) merge(merged, std::move(values)), ++found;
    for (auto& problem : documents.twice) conversion.not_done.push_back(std::move(problem));
    for (auto& problem : documents.wrong) conversion.unreadable.push_back(std::move(problem));
    if (found == 0 && documents.wrong.empty() && !documents.values.empty())
      conversion.unreadable.push_back({file.name, "holds no values of Cilium's chart", ""});
  }
  return merged;
}

model::Problem left_out(const model::Setting& setting) {
  return {setting.origin, setting.key + ": " + setting.value + " is left out: " + setting.note, ""};
}
model::Problem left_out(const Fault& fault) {
  model::Problem problem = to_problem(fault);
  problem.text += "; left out";
  return problem;
}

}  // namespace

Conversion convert(const std::vector<NamedText>& files) {
  Conversion conversion;
  const Value given = all_values(files, conversion);
  auto judgement = judge(given);
  for (const auto& fault : judgement.faults) conversion.not_done.push_back(left_out(fault));
  Value kept;
  kept.kind = Value::Kind::kMap;
  for (const auto& [setting, value, mark] : judgement.accepted)
    if (setting.kind == SettingClass::kWithoutMeaning)
      conversion.no_effect.push_back(left_out(setting));
    else if (has_template(*value))
      conversion.not_done.push_back({setting.origin, setting.key + ": is filled in by a template; left out", "write the value itself"});
    else
      put(kept, setting.key, *value, mark);
  // What keys say only together was judged with those that are gone now.
  for (bool changed = true; changed;) {
    changed = false;
    judgement = judge(kept);
    for (const auto& fault : judgement.faults) {
      if (!erase(kept, fault.path)) continue;
      changed = true;
      auto problem = left_out(fault);
      auto& said = conversion.not_done;
      if (std::find(said.begin(), said.end(), problem) == said.end()) said.push_back(std::move(problem));
    }
  }
  std::set<std::string> not_yet;
  for (const auto& [setting, value, mark] : judgement.accepted) {
    ++conversion.kept;
    if (setting.kind != SettingClass::kPlanned) continue;
    not_yet.insert(setting.key);
    conversion.not_yet.push_back({setting.origin, setting.key + ": does nothing yet: " + setting.note, ""});
  }
  conversion.values = print(kept, [&](const std::string& path) { return not_yet.contains(path) ? "does nothing yet" : ""; });
  return conversion;
}

}  // namespace sources::settings
