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

Planning::Planning(model::Identity identity, std::span<const plan::Feature> features) : features_(features), agenda_(features.size()) {
  snapshot_.identity = std::move(identity);
}

void Planning::fold(const std::vector<model::Change>& changes) {
  for (const auto& change : changes) fold_one(change);
}

void Planning::fold_one(const model::Change& change) {
  if (auto touched = snapshot_.apply(change))
    for (size_t i = 0; i < features_.size(); ++i) features_[i].keys_for(*touched, snapshot_, agenda_.due(i));
}

void Planning::run(base::BootTime now, const RowSink& sink) {
  snapshot_.now = now;
  agenda_.wake(now);
  for (size_t i = 0; i < features_.size(); ++i)
    for (const auto& key : std::exchange(agenda_.due(i), {})) plan_key(i, key, sink);
}

void Planning::plan_key(size_t feature, const std::string& key, const RowSink& sink) {
  const model::Owner owner{features_[feature].name, key};
  ++planner_calls_;
  model::Planned planned = features_[feature].plan(key, snapshot_);
  for (const auto& change : derived_.replace(owner, std::move(planned.derived))) fold_one(change);
  keep(problems_, owner.text(), std::move(planned.problems));
  keep(notes_, owner.text(), std::move(planned.notes));
  // A time that has come is what this call has seen already.
  if (planned.wake_at && *planned.wake_at <= snapshot_.now) planned.wake_at.reset();
  agenda_.wake_at(feature, key, planned.wake_at);
  sink(owner, std::move(planned.rows));
}

}  // namespace engine
