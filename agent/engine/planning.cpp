#include "engine/planning.h"

#include <type_traits>
#include <utility>

#include "plan/node.h"

namespace engine {
namespace {

// Indices that planners follow; kept beside the tables they are made from.
void index(model::Snapshot&, const std::string&, const auto*, const auto*) {}

void index(model::Snapshot& snapshot, const std::string& key, const model::EndpointSlice* before, const model::EndpointSlice* after) {
  auto& slices = snapshot.slices_of_service;
  auto of = [&](const std::string& service) {
    const auto* keys = slices.find(service);
    return keys ? *keys : immer::set<std::string>{};
  };
  if (before && (!after || after->service != before->service)) {
    auto rest = of(before->service).erase(key);
    slices = rest.empty() ? slices.erase(before->service) : slices.set(before->service, rest);
  }
  if (after && !after->service.empty()) slices = slices.set(after->service, of(after->service).insert(key));
}

void index(model::Snapshot& snapshot, const std::string& key, const model::Allocation* before, const model::Allocation* after) {
  auto& owner = snapshot.address_owner;
  if (before)
    for (const auto& ip : before->addresses)  // one that only rested may be another's by now
      if (const std::string* known = owner.find(ip); known && *known == key) owner = owner.erase(ip);
  if (after)
    for (const auto& ip : after->addresses) owner = owner.set(ip, key);
}

void index(model::Snapshot& snapshot, const std::string& key, const model::HostRoute* before, const model::HostRoute* after) {
  if (before && plan::is_foreign_route(*before)) snapshot.foreign_routes.erase(before->destination, key);
  if (after && plan::is_foreign_route(*after)) snapshot.foreign_routes.insert(after->destination, key);
}

void index(model::Snapshot& snapshot, const std::string& key, const model::Node* before, const model::Node* after) {
  if (before)
    for (const auto& cidr : before->pod_cidrs) snapshot.nodes_of_pod_cidr.erase(cidr, key);
  if (after)
    for (const auto& cidr : after->pod_cidrs) snapshot.nodes_of_pod_cidr.insert(cidr, key);
}

// Nothing is kept of nothing.
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
  for (const auto& change : changes) std::visit([this](const auto& row_change) { fold_row(row_change); }, change);
}

template <class Row>
void Planning::fold_row(const model::RowChange<Row>& change) {
  auto& table = snapshot_.table<Row>();
  auto before = table.share(change.key);
  bool changed = change.row ? table.set(change.key, change.row) : table.erase(change.key);
  if (!changed) return;
  index(snapshot_, change.key, before.get(), change.row.get());
  plan::Touched touched{model::RowChange<Row>{change.key, std::move(before)}, change};
  for (size_t i = 0; i < features_.size(); ++i) features_[i].keys_for(touched, snapshot_, due_[i]);
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
  const auto& name = features_[feature].name;
  std::string owner = std::string(name) + " " + key;
  ++planner_calls_;
  model::Planned planned = features_[feature].plan(key, snapshot_);
  if (name == "ipam") keep_allocation(key, planned.allocation);
  keep(problems_, owner, std::move(planned.problems));
  keep(notes_, owner, std::move(planned.notes));
  if (planned.wake_at)
    wake_at_[{feature, key}] = *planned.wake_at;
  else
    wake_at_.erase({feature, key});
  sink(owner, std::move(planned.rows));
}

void Planning::keep_allocation(const std::string& sandbox, const std::optional<model::Allocation>& allocation) {
  fold_row(model::RowChange<model::Allocation>{sandbox, allocation ? std::make_shared<const model::Allocation>(*allocation) : nullptr});
}

std::optional<base::BootTime> Planning::next_wake() const {
  std::optional<base::BootTime> next;
  for (const auto& [key, at] : wake_at_)
    if (!next || at < *next) next = at;
  return next;
}

}  // namespace engine
