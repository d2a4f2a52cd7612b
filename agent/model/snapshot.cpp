#include "model/snapshot.h"

#include <utility>

namespace model {
namespace {

void index(Snapshot&, const std::string&, const auto*, const auto*) {}

void index(Snapshot& snapshot, const std::string& key, const EndpointSlice* before, const EndpointSlice* after) {
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

void index(Snapshot& snapshot, const std::string& key, const Allocation* before, const Allocation* after) {
  auto& owner = snapshot.address_owner;
  if (before)
    for (const auto& ip : before->addresses)  // one that only rested may be another's by now
      if (const std::string* known = owner.find(ip); known && *known == key) owner = owner.erase(ip);
  if (after)
    for (const auto& ip : after->addresses) owner = owner.set(ip, key);
}

using Prefixes = std::vector<base::Cidr>;

Prefixes host_cidrs(const std::vector<base::Ip>& addresses) {
  Prefixes prefixes;
  for (const auto& ip : addresses) prefixes.push_back(base::host_cidr(ip));
  return prefixes;
}

// Under each prefix that prefixes_of(row) names.
template <class Row, class PrefixesOf>
void index_prefixes(PrefixIndex& index, const std::string& key, const Row* before, const Row* after, PrefixesOf prefixes_of) {
  if (before)
    for (const auto& prefix : prefixes_of(*before)) index.erase(prefix, key);
  if (after)
    for (const auto& prefix : prefixes_of(*after)) index.insert(prefix, key);
}

void index(Snapshot& snapshot, const std::string& key, const HostRoute* before, const HostRoute* after) {
  index_prefixes(snapshot.foreign_routes, key, before, after,
                 [](const auto& route) { return is_foreign(route) ? Prefixes{route.destination} : Prefixes{}; });
  index_prefixes(snapshot.default_gateways, key, before, after, [](const auto& route) {
    const bool leads_out = route.destination.length == 0 && route.table == kMainTable && !route.gateway.is_unspecified();
    return leads_out ? Prefixes{base::host_cidr(route.gateway)} : Prefixes{};
  });
}

void index(Snapshot& snapshot, const std::string& key, const Address* before, const Address* after) {
  index_prefixes(snapshot.host_addresses, key, before, after,
                 [](const auto& address) { return Prefixes{base::host_cidr(address.cidr.address)}; });
}

void index(Snapshot& snapshot, const std::string& key, const Service* before, const Service* after) {
  index_prefixes(snapshot.services_of_cluster_ip, key, before, after, [](const auto& service) { return host_cidrs(service.cluster_ips); });
  index_prefixes(snapshot.services_of_outside_address, key, before, after, [](const auto& service) {
    Prefixes prefixes = host_cidrs(service.load_balancer_ingress), external = host_cidrs(service.external_ips);
    prefixes.insert(prefixes.end(), external.begin(), external.end());
    return prefixes;
  });
}

void index(Snapshot& snapshot, const std::string& key, const Node* before, const Node* after) {
  index_prefixes(snapshot.nodes_of_pod_cidr, key, before, after, [](const auto& node) { return node.pod_cidrs; });
  index_prefixes(snapshot.nodes_of_address, key, before, after, [](const auto& node) {
    Prefixes prefixes = host_cidrs(node.internal_ips), external = host_cidrs(node.external_ips);
    prefixes.insert(prefixes.end(), external.begin(), external.end());
    return prefixes;
  });
}

}  // namespace

template <KnownRow Row>
std::optional<Touched> Snapshot::apply_row(const RowChange<Row>& change) {
  auto& table = std::get<Table<Row>>(tables_);
  auto before = table.share(change.key);
  bool changed = change.row ? table.set(change.key, change.row) : table.erase(change.key);
  if (!changed) return std::nullopt;
  index(*this, change.key, before.get(), change.row.get());
  return Touched{RowChange<Row>{change.key, std::move(before)}, change};
}

std::optional<Touched> Snapshot::apply(const Change& change) {
  return std::visit([this](const auto& row_change) { return apply_row(row_change); }, change);
}

}  // namespace model
