#include "engine/derived_rows.h"

namespace engine {

std::vector<model::Change> DerivedRows::replace(const model::Owner& owner, std::vector<model::Change> rows) {
  const auto old = names_of_.find(owner);
  std::vector<model::Change> changes;
  if (rows.empty() && old == names_of_.end()) return changes;
  std::set<Name> now;
  for (auto& row : rows) {
    Name name{row.index(), model::key_of(row)};
    claims_[name].insert_or_assign(owner, row);
    changes.push_back(in_force(name, row));
    now.insert(std::move(name));
  }
  if (old != names_of_.end())
    for (const auto& name : old->second) {
      if (now.contains(name)) continue;
      auto claims = claims_.find(name);
      const model::Change last = std::move(claims->second.extract(owner).mapped());
      if (claims->second.empty()) claims_.erase(claims);
      changes.push_back(in_force(name, last));
    }
  if (now.empty())
    names_of_.erase(owner);
  else
    names_of_[owner] = std::move(now);
  return changes;
}

model::Change DerivedRows::in_force(const Name& name, const model::Change& last) const {
  const auto claims = claims_.find(name);
  return claims == claims_.end() ? model::gone_like(last) : claims->second.begin()->second;
}

}  // namespace engine
