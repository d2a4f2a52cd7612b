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

using Addresses = std::vector<base::Ip>;

// Where only this node and its pods call.
Addresses internal_addresses(const Service& service, base::Family family) {
  Addresses addresses;
  for (const auto& ip : service.cluster_ips)
    if (ip.family() == family) addresses.push_back(ip);
  return addresses;
}

std::string text(const model::PortRange& range) { return std::to_string(range.first) + " to " + std::to_string(range.last); }

// Programs ask for no NodePort beyond the range.
bool has_node_port(const Service& service, const model::ServicePort& port, const model::PortRange& range, model::Planned& planned) {
  if (!port.node_port || range.contains(port.node_port)) return port.node_port;
  planned.problems.push_back({"Service " + service.meta.key(),
                              "its nodePort " + std::to_string(port.node_port) + " is not served: nodePort.range is " + text(range),
                              "set nodePort.range to the API server's --service-node-port-range"});
  return false;
}

base::Ip unspecified(base::Family family) { return family == base::Family::kIpv4 ? base::Ip::from_v4_be(0) : base::Ip{}; }

// The policy is Local: endpoints of other nodes count only in how a call without one fails (KEP-2086).
void choose_local(const PortEndpoints& endpoints, ServiceSet& set) {
  set.backends = local_backends(endpoints);
  set.endpoints_elsewhere = set.backends.empty() && any_serves(endpoints);
}

// Who calls from this node means the whole cluster by whatever address the outside has too: of externalTrafficPolicy peers alone judge,
// and internalTrafficPolicy holds for clusterIPs (kube-proxy's short circuit). One set then does for all addresses but with the latter.
void plan_family(const Service& service, const model::ServicePort& port, base::Family family, bool node_port, const SliceRows& slices,
                 const Place& place, model::Planned& planned) {
  const Addresses internal = internal_addresses(service, family);
  if (internal.empty()) return;
  const PortEndpoints endpoints = endpoints_of(port, family, slices, place);
  ServiceSet set{.affinity_seconds = service.client_ip_affinity_seconds};
  set.id = model::desired::set_id(service.meta.key(), port.port, port.protocol, family, Scope::kCallers);
  set.external_local = node_port && service.external_traffic_policy == model::TrafficPolicy::kLocal;
  set.backends = cluster_backends(endpoints, place);
  ServiceSet external = set;
  if (service.internal_traffic_policy == model::TrafficPolicy::kLocal) {
    external.id = model::desired::set_id(service.meta.key(), port.port, port.protocol, family, Scope::kExternalCallers);
    choose_local(endpoints, set);
  }

  auto lead = [&](const base::Ip& address, uint16_t number, const ServiceSet& to) {
    planned.rows.push_back(
        Frontend{.address = address, .port = number, .protocol = port.protocol, .callers = to.id, .since = service.meta.created});
  };
  for (const auto& address : internal) lead(address, port.port, set);
  if (node_port) lead(unspecified(family), port.node_port, external);
  if (node_port && external.id != set.id) planned.rows.push_back(std::move(external));
  planned.rows.push_back(std::move(set));
}

void plan_port(const Service& service, const model::ServicePort& port, const model::PortRange& node_ports, const SliceRows& slices,
               const Place& place, model::Planned& planned) {
  const std::string subject = "Service " + service.meta.key();
  if (port.protocol == model::Protocol::kSctp) {
    planned.problems.push_back({subject, "port " + std::to_string(port.port) + "/SCTP is not served", "ichor serves TCP and UDP"});
    return;
  }
  const bool node_port = has_node_port(service, port, node_ports, planned);
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6}) plan_family(service, port, family, node_port, slices, place, planned);
}

// The own Node came into another zone; what else changes in it, as it does with every heartbeat, means nothing to Services.
bool moves_node(const Touched& touched, const model::Snapshot& snapshot) {
  return touched.is<model::Node>() && touched.key<model::Node>() == snapshot.identity.node_name &&
         zone_of(touched.old_row<model::Node>()) != zone_of(touched.new_row<model::Node>());
}

}  // namespace

bool left_to_others(const Service& service) {
  return service.meta.labels.contains("service.kubernetes.io/service-proxy-name") ||
         service.meta.labels.contains("service.kubernetes.io/headless");
}

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
  for (const auto& port : service->ports) plan_port(*service, port, snapshot.config().node_ports, slices, place, planned);
  return planned;
}

}  // namespace plan::services
