#include "plan/services.h"

#include <algorithm>

#include "plan/cluster_ips.h"
#include "plan/endpoints.h"
#include "plan/node.h"

namespace plan::services {
namespace {

using model::Service;
using model::desired::Frontend;
using model::desired::Scope;
using model::desired::ServiceSet;

// Labels by which a Service says that another proxy, or none, serves it (KEP-2447, KEP-4427).
bool left_to_others(const Service& service) {
  return service.meta.labels.contains("service.kubernetes.io/service-proxy-name") ||
         service.meta.labels.contains("service.kubernetes.io/headless");
}

// What a clusterIP leads to. Where the policy is Local, endpoints of other nodes count only in how a call without one fails (KEP-2086).
void choose_backends(const Service& service, const PortEndpoints& endpoints, const Place& place, ServiceSet& set) {
  if (service.internal_traffic_policy == model::TrafficPolicy::kCluster) {
    set.backends = cluster_backends(endpoints, place);
  } else {
    set.backends = local_backends(endpoints);
    set.endpoints_elsewhere = set.backends.empty() && any_serves(endpoints);
  }
}

// One set for all the Service's addresses of the family.
void plan_family(const Service& service, const model::ServicePort& port, base::Family family, const SliceRows& slices, const Place& place,
                 model::Planned& planned) {
  ServiceSet set;
  set.id = model::desired::set_id(service.meta.key(), port.port, port.protocol, family, Scope::kCallers);
  size_t before = planned.rows.size();
  for (const auto& address : service.cluster_ips)
    if (address.family() == family)
      planned.rows.push_back(
          Frontend{.address = address, .port = port.port, .protocol = port.protocol, .callers = set.id, .since = service.meta.created});
  if (planned.rows.size() == before) return;
  choose_backends(service, endpoints_of(port, family, slices, place), place, set);
  set.affinity_seconds = service.client_ip_affinity_seconds;
  planned.rows.push_back(std::move(set));
}

void plan_port(const Service& service, const model::ServicePort& port, const SliceRows& slices, const Place& place,
               model::Planned& planned) {
  const std::string subject = "Service " + service.meta.key();
  if (port.protocol == model::Protocol::kSctp) {
    planned.problems.push_back({subject, "port " + std::to_string(port.port) + "/SCTP is not served", "ichor serves TCP and UDP"});
    return;
  }
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6}) plan_family(service, port, family, slices, place, planned);
}

// The own Node came into another zone; what else changes in it, as it does with every heartbeat, means nothing to Services.
bool moves_node(const Touched& touched, const model::Snapshot& snapshot) {
  return touched.is<model::Node>() && touched.key<model::Node>() == snapshot.identity.node_name &&
         zone_of(touched.old_row<model::Node>()) != zone_of(touched.new_row<model::Node>());
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Service>()) keys.insert(touched.key<Service>());
  services_noted_by(touched, snapshot, keys);
  if (touched.is<model::EndpointSlice>())
    for (const auto* slice : {touched.old_row<model::EndpointSlice>(), touched.new_row<model::EndpointSlice>()})
      if (slice && !slice->service.empty()) keys.insert(slice->service);
  if (changes_knowledge(touched) || moves_node(touched, snapshot))
    for (const auto& [key, service] : snapshot.table<Service>()) keys.insert(key);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!objects_known(snapshot)) return planned;
  const Service* service = snapshot.table<Service>().find(key);
  if (!service || service->headless || service->type == model::ServiceType::kExternalName || left_to_others(*service)) return planned;

  const std::string subject = "Service " + key;
  if (service->cluster_ips.empty())
    planned.problems.push_back(
        {subject, "has no clusterIP, and nothing here assigns one", "write spec.clusterIP, or None for a headless Service"});
  note_taken_cluster_ips(*service, snapshot, planned);
  SliceRows slices = slices_of(snapshot, key);
  if (slices.empty())
    planned.problems.push_back({subject, "has no EndpointSlice, and nothing here makes one",
                                "write one with the label kubernetes.io/service-name: " + service->meta.name});
  const Place place = own_place(snapshot);
  for (const auto& port : service->ports) plan_port(*service, port, slices, place, planned);
  return planned;
}

}  // namespace plan::services
