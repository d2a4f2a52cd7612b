#include "sources/settings/find_values.h"

#include <algorithm>

#include "sources/settings/judge.h"
#include "sources/settings/yaml.h"

namespace sources::settings {
namespace {

// HelmRelease, HelmChart, Application, Kustomization; a ConfigMap's are files.
bool carries_values(const std::string& key) {
  constexpr std::string_view kNames[] = {"values", "valuesObject", "valuesContent", "valuesInline"};
  return std::find(std::begin(kNames), std::end(kNames), key) != std::end(kNames) || key.ends_with(".yaml") || key.ends_with(".yml");
}

// A map of which most keys are the chart's; a chart that has Cilium's as a part has its values one level down.
const Value* values_in(const Value& map) {
  if (map.kind != Value::Kind::kMap) return nullptr;
  if (known_keys(map) * 2 >= map.entries.size() && !map.entries.empty()) return &map;
  for (const auto& entry : map.entries)
    if (entry.key == "cilium" && entry.value.kind == Value::Kind::kMap && known_keys(entry.value) > 0) return &entry.value;
  return nullptr;
}

void search(const Value& value, std::vector<Value>& found);

// Values as such, as text, or a list of them.
void take(const Value& carried, const std::string& place, std::vector<Value>& found) {
  if (const Value* values = values_in(carried)) found.push_back(*values);
  for (const auto& item : carried.items) take(item, place, found);
  if (carried.kind != Value::Kind::kScalar) return;
  for (const auto& document : read_documents({place, carried.text}).values)
    if (const Value* values = values_in(document)) found.push_back(*values);
}

void search_entry(const Entry& entry, std::vector<Value>& found) {
  if (carries_values(entry.key)) return take(entry.value, to_string(entry.mark) + " " + entry.key, found);
  search(entry.value, found);
}

void search(const Value& value, std::vector<Value>& found) {
  for (const auto& item : value.items) search(item, found);
  for (const auto& entry : value.entries) search_entry(entry, found);
}

}  // namespace

std::vector<Value> find_values(const Value& document) {
  std::vector<Value> found;
  if (const Value* values = object_kind(document) ? nullptr : values_in(document))
    found.push_back(*values);
  else
    search(document, found);
  if (found.empty() && !object_kind(document) && known_keys(document) > 0) found.push_back(document);
  return found;
}

}  // namespace sources::settings
