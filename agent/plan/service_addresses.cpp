#include "plan/service_addresses.h"

#include "plan/node.h"

namespace plan {
namespace {

void insert_services_of(const base::Ip& ip, const model::Snapshot& snapshot, Keys& services) {
  for (const auto* index : {&snapshot.services_of_cluster_ip, &snapshot.services_of_outside_address})
    index->covering(base::host_cidr(ip), [&](const base::Cidr&, const auto& keys) {
      services.insert(keys.begin(), keys.end());
      return false;
    });
}

}  // namespace

std::string holder_of(const base::Ip& ip, const model::Snapshot& snapshot) {
  std::string holder;
  const base::Cidr host = base::host_cidr(ip);
  snapshot.host_addresses.covering(host, [&](const base::Cidr&, const auto&) { return holder = "this node", false; });
  snapshot.nodes_of_address.covering(host, [&](const base::Cidr&, const auto& names) {
    if (holder.empty()) holder = "Node " + *names.begin();
    return false;
  });
  return holder;
}

void note_taken_cluster_ips(const model::Service& service, const model::Snapshot& snapshot, model::Planned& planned) {
  for (const auto& ip : service.cluster_ips)
    if (auto holder = holder_of(ip, snapshot); !holder.empty())
      planned.problems.push_back({"Service " + service.meta.key(),
                                  "its clusterIP " + base::to_string(ip) + " is an address of " + holder +
                                      ", whose own ports of these numbers cannot be reached any more",
                                  "give the Service an address of the cluster's service range"});
}

void services_noted_by(const Touched& touched, const model::Snapshot& snapshot, Keys& services) {
  if (touched.is<model::Address>())
    for (const auto* address : {touched.old_row<model::Address>(), touched.new_row<model::Address>()})
      if (address) insert_services_of(address->cidr.address, snapshot, services);
  if (!touched.is<model::Node>()) return;
  const auto before = addresses_of(touched.old_row<model::Node>()), after = addresses_of(touched.new_row<model::Node>());
  if (before == after) return;
  for (const auto* addresses : {&before, &after})
    for (const auto& ip : *addresses) insert_services_of(ip, snapshot, services);
}

}  // namespace plan
