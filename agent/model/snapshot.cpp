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

void index(Snapshot& snapshot, const std::string& key, const HostRoute* before, const HostRoute* after) {
  if (before && is_foreign(*before)) snapshot.foreign_routes.erase(before->destination, key);
  if (after && is_foreign(*after)) snapshot.foreign_routes.insert(after->destination, key);
}

void index(Snapshot& snapshot, const std::string& key, const Node* before, const Node* after) {
  if (before)
    for (const auto& cidr : before->pod_cidrs) snapshot.nodes_of_pod_cidr.erase(cidr, key);
  if (after)
    for (const auto& cidr : after->pod_cidrs) snapshot.nodes_of_pod_cidr.insert(cidr, key);
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
