#include "engine/planning.h"

#include <utility>

namespace engine {
namespace {

// An empty list erases the row.
template <class Row, class List>
void keep(model::Table<Row>& table, const std::string& owner, List list) {
  if (list.empty())
    table.erase(owner);
  else
    table.set(owner, std::make_shared<const Row>(Row{std::move(list)}));
}

}  // namespace

Planning::Planning(model::Identity identity, std::span<const plan::Feature> features) : features_(features), due_(features.size()) {
  snapshot_.identity = std::move(identity);
}

void Planning::fold(const std::vector<model::Change>& changes) {
  for (const auto& change : changes) fold_one(change);
}

void Planning::fold_one(const model::Change& change) {
  if (auto touched = snapshot_.apply(change))
    for (size_t i = 0; i < features_.size(); ++i) features_[i].keys_for(*touched, snapshot_, due_[i]);
}

void Planning::run(base::BootTime now, const RowSink& sink) {
  snapshot_.now = now;
  for (auto it = wake_at_.begin(); it != wake_at_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    due_[it->first.first].insert(it->first.second);
    it = wake_at_.erase(it);
  }
  for (size_t i = 0; i < features_.size(); ++i)
    for (const auto& key : std::exchange(due_[i], {})) plan_key(i, key, sink);
}

void Planning::plan_key(size_t feature, const std::string& key, const RowSink& sink) {
  const model::Owner owner{features_[feature].name, key};
  ++planner_calls_;
  model::Planned planned = features_[feature].plan(key, snapshot_);
  if (owner.feature == "ipam") keep_allocation(key, planned.allocation);
  keep(problems_, owner.text(), std::move(planned.problems));
  keep(notes_, owner.text(), std::move(planned.notes));
  if (planned.wake_at)
    wake_at_[{feature, key}] = *planned.wake_at;
  else
    wake_at_.erase({feature, key});
  sink(owner, std::move(planned.rows));
}

void Planning::keep_allocation(const std::string& sandbox, const std::optional<model::Allocation>& allocation) {
  fold_one(model::RowChange<model::Allocation>{sandbox, allocation ? std::make_shared<const model::Allocation>(*allocation) : nullptr});
}

std::optional<base::BootTime> Planning::next_wake() const {
  std::optional<base::BootTime> next;
  for (const auto& [key, at] : wake_at_)
    if (!next || at < *next) next = at;
  return next;
}

}  // namespace engine
