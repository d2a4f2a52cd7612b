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
    for (const auto& ip : before->addresses) owner = owner.erase(ip);
  if (after)
    for (const auto& ip : after->addresses) owner = owner.set(ip, key);
}

// Under each prefix that prefixes(row) names.
template <class Row, class Prefixes>
void index_prefixes(model::PrefixIndex& index, const std::string& key, const Row* before, const Row* after, Prefixes prefixes) {
  if (before)
    for (const auto& prefix : prefixes(*before)) index.erase(prefix, key);
  if (after)
    for (const auto& prefix : prefixes(*after)) index.insert(prefix, key);
}

using Prefixes = std::vector<base::Cidr>;

Prefixes host_cidrs(const std::vector<base::Ip>& addresses) {
  Prefixes prefixes;
  for (const auto& ip : addresses) prefixes.push_back(base::host_cidr(ip));
  return prefixes;
}

void index(model::Snapshot& snapshot, const std::string& key, const model::HostRoute* before, const model::HostRoute* after) {
  index_prefixes(snapshot.foreign_routes, key, before, after,
                 [](const auto& route) { return plan::is_foreign_route(route) ? Prefixes{route.destination} : Prefixes{}; });
  index_prefixes(snapshot.default_gateways, key, before, after, [](const auto& route) {
    const bool leads_out = route.destination.length == 0 && !route.gateway.is_unspecified();
    return leads_out ? Prefixes{base::host_cidr(route.gateway)} : Prefixes{};
  });
}

void index(model::Snapshot& snapshot, const std::string& key, const model::Address* before, const model::Address* after) {
  index_prefixes(snapshot.host_addresses, key, before, after, [](const auto& address) {
    return plan::is_foreign_link(address.link) ? Prefixes{base::host_cidr(address.cidr.address)} : Prefixes{};
  });
}

void index(model::Snapshot& snapshot, const std::string& key, const model::Service* before, const model::Service* after) {
  index_prefixes(snapshot.services_of_cluster_ip, key, before, after, [](const auto& service) { return host_cidrs(service.cluster_ips); });
}

void index(model::Snapshot& snapshot, const std::string& key, const model::Node* before, const model::Node* after) {
  index_prefixes(snapshot.nodes_of_pod_cidr, key, before, after, [](const auto& node) { return node.pod_cidrs; });
  index_prefixes(snapshot.nodes_of_address, key, before, after, [](const auto& node) {
    Prefixes prefixes = host_cidrs(node.internal_ips), external = host_cidrs(node.external_ips);
    prefixes.insert(prefixes.end(), external.begin(), external.end());
    return prefixes;
  });
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
