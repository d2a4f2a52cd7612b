#include "sources/settings/keys.h"

#include <map>
#include <set>

namespace sources::settings {
namespace {

struct Index {
  std::map<std::string_view, const Key*> rows;                   // by pattern
  std::map<std::string_view, size_t> below;                      // how many rows lie below each map
  std::map<std::string_view, std::set<std::string_view>> names;  // of a map's keys
};

const Index& key_index() {
  static const Index kIndex = [] {
    Index index;
    for (const Key* key : all_keys()) {
      auto pattern = key->pattern;
      index.rows[pattern] = key;
      size_t start = 0;
      for (size_t dot; (dot = pattern.find('.', start)) != std::string_view::npos; start = dot + 1) {
        index.names[start ? pattern.substr(0, start - 1) : ""].insert(pattern.substr(start, dot - start));
        ++index.below[pattern.substr(0, dot)];
      }
      if (pattern.substr(start) != "*") index.names[start ? pattern.substr(0, start - 1) : ""].insert(pattern.substr(start));
    }
    return index;
  }();
  return kIndex;
}

}  // namespace

std::vector<const Key*> all_keys() {
  std::vector<const Key*> keys;
  for (auto rows : {routing_keys(), address_keys(), service_keys(), announcement_keys(), datapath_keys(), policy_keys(),
                    observability_keys(), cluster_keys(), deployment_keys()})
    for (const auto& key : rows) keys.push_back(&key);
  return keys;
}

const Key* exact_key(std::string_view path) {
  auto found = key_index().rows.find(path);
  return found == key_index().rows.end() ? nullptr : found->second;
}

const Key* covering_key(std::string_view path) {
  for (size_t dot; (dot = path.rfind('.')) != std::string_view::npos;) {
    path = path.substr(0, dot);
    if (const Key* key = exact_key(std::string(path) + ".*")) return key;
  }
  return nullptr;
}

bool has_keys_below(std::string_view path) { return key_index().below.contains(path); }

bool is_one_row(std::string_view path) {
  auto below = key_index().below.find(path);
  return below != key_index().below.end() && below->second == 1 && exact_key(std::string(path) + ".*");
}

std::vector<std::string_view> keys_below(std::string_view path) {
  auto found = key_index().names.find(path);
  if (found == key_index().names.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<std::string_view> keys_called(std::string_view name) {
  std::vector<std::string_view> paths;
  for (const auto& [pattern, key] : key_index().rows)
    if (pattern.size() > name.size() && pattern.ends_with(name) && pattern[pattern.size() - name.size() - 1] == '.')
      paths.push_back(pattern);
  return paths;
}

const Key* find_key(std::string_view path) {
  if (const Key* key = exact_key(path)) return key;
  if (const Key* key = covering_key(path)) return key;
  if (is_one_row(path)) return exact_key(std::string(path) + ".*");
  for (size_t dot; (dot = path.rfind('.')) != std::string_view::npos;) {
    path = path.substr(0, dot);
    const Key* above = exact_key(path);
    if (above && (above->shape.kind == ShapeKind::kAnything || above->shape.kind == ShapeKind::kMap)) return above;
  }
  return nullptr;
}

}  // namespace sources::settings
