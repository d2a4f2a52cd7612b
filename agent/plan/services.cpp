#include "plan/services.h"

#include <algorithm>

#include "plan/endpoints.h"
#include "plan/node.h"
#include "plan/service_addresses.h"

namespace plan::services {
namespace {

using model::Service;
using model::desired::Frontend;
using model::desired::Scope;
using model::desired::ServiceSet;
using model::desired::SetId;
using model::desired::Sole;

using Addresses = std::vector<base::Ip>;

bool contains(const Addresses& addresses, const base::Ip& ip) {
  return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

Addresses of_family(const Addresses& ips, base::Family family, const Addresses& but_not = {}) {
  Addresses addresses;
  for (const auto& ip : ips)
    if (ip.family() == family && !contains(but_not, ip) && !contains(addresses, ip)) addresses.push_back(ip);
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

void choose(const PortEndpoints& endpoints, std::vector<model::desired::Backend> chosen, ServiceSet& set) {
  set.backends = std::move(chosen);
  if (set.datagrams) set.leaving = leaving_backends(endpoints, set.backends);
}

// The policy is Local: endpoints of other nodes count only in how a call without one fails (KEP-2086).
void choose_local(const PortEndpoints& endpoints, ServiceSet& set) {
  PortEndpoints here;
  std::copy_if(endpoints.begin(), endpoints.end(), std::back_inserter(here), [](const auto& candidate) { return candidate.local; });
  choose(here, local_backends(here), set);
  set.endpoints_elsewhere = set.backends.empty() && any_serves(endpoints);
}

// Where a port of one family is called, and what answers there.
struct Fronts {
  const Service& service;
  const model::ServicePort& port;
  base::Family family;
  const model::Snapshot& snapshot;
  model::Planned& planned;

  SetId set_id(Scope scope) const { return model::desired::set_id(service.meta.key(), port.port, port.protocol, family, scope); }
  Sole sole(const base::Ip& address, Sole wanted) const { return holder_of(address, snapshot).empty() ? wanted : Sole::kNobody; }
  void lead(const base::Ip& address, uint16_t number, const SetId& callers, const SetId& arrivals, Sole wanted, bool restricted = false) {
    planned.rows.push_back(Frontend{.address = address,
                                    .port = number,
                                    .protocol = port.protocol,
                                    .callers = callers,
                                    .arrivals = arrivals,
                                    .restricted = restricted,
                                    .sole = sole(address, wanted),
                                    .since = service.meta.created});
  }
};

// By what the outside calls it.
struct Outside {
  Addresses external, balancer;
  bool node_port = false;

  bool any() const { return node_port || !external.empty() || !balancer.empty(); }
};

// An address that is named twice is the balancer's, where source ranges hold.
Outside outside_of(const Fronts& fronts, const Addresses& internal, bool node_port, bool external_ips) {
  const Service& service = fronts.service;
  Outside outside{.external = {}, .balancer = {}, .node_port = node_port};
  if (service.type == model::ServiceType::kLoadBalancer)
    outside.balancer = of_family(service.load_balancer_ingress, fronts.family, internal);
  if (external_ips) outside.external = of_family(service.external_ips, fronts.family, internal);
  std::erase_if(outside.external, [&](const auto& ip) { return contains(outside.balancer, ip); });
  return outside;
}

// loadBalancerSourceRanges hold for a balancer's addresses alone, and each for clients of its own family.
void restrict_sources(const Fronts& fronts, const ServiceSet& arrivals) {
  size_t ranges = 0;
  for (const auto& prefix : fronts.service.source_ranges) {
    if (prefix.address.family() != fronts.family) continue;
    fronts.planned.rows.push_back(model::desired::SourceRange{arrivals.id, prefix});
    ++ranges;
  }
  if (ranges == 0)
    fronts.planned.notes.push_back("loadBalancerSourceRanges names no prefix of " + std::string(base::family_name(fronts.family)) +
                                   ": nobody outside may call it by that");
}

// Who calls from this node means the whole cluster by whatever address the outside has too (kube-proxy's short circuit): there
// externalTrafficPolicy holds for what arrives, and internalTrafficPolicy for clusterIPs. `cluster`: the set with all endpoints, whose
// row is planned if clusterIPs lead there.
void plan_outside(Fronts& fronts, const Outside& outside, const PortEndpoints& endpoints, ServiceSet cluster) {
  const Service& service = fronts.service;
  const bool is_planned = service.internal_traffic_policy == model::TrafficPolicy::kCluster;
  if (!is_planned) cluster.id = fronts.set_id(Scope::kExternalCallers);
  ServiceSet arrivals = cluster;
  if (service.external_traffic_policy == model::TrafficPolicy::kLocal) {
    arrivals.id = fronts.set_id(Scope::kArrivals);
    choose_local(endpoints, arrivals);
  }
  // An external address may be somebody's whose other ports this node's pods call.
  for (const auto& address : outside.external) fronts.lead(address, fronts.port.port, cluster.id, arrivals.id, Sole::kOutside);
  for (const auto& address : outside.balancer)
    fronts.lead(address, fronts.port.port, cluster.id, arrivals.id, Sole::kEverybody, service.restricts_sources);
  if (outside.node_port) fronts.lead(unspecified(fronts.family), fronts.port.node_port, cluster.id, arrivals.id, Sole::kNobody);
  if (!outside.balancer.empty() && service.restricts_sources) restrict_sources(fronts, arrivals);
  if (arrivals.id != cluster.id) fronts.planned.rows.push_back(std::move(arrivals));
  if (!is_planned) fronts.planned.rows.push_back(std::move(cluster));
}

void plan_family(Fronts fronts, bool node_port, const SliceRows& slices, const Place& place) {
  const model::Config& config = fronts.snapshot.config();
  const Service& service = fronts.service;
  const Addresses internal = of_family(service.cluster_ips, fronts.family);
  if (internal.empty()) return;
  const Outside outside = outside_of(fronts, internal, node_port, config.external_ips);
  const PortEndpoints endpoints = endpoints_of(fronts.port, fronts.family, slices, place);
  ServiceSet set{.id = fronts.set_id(Scope::kCallers), .affinity_seconds = service.client_ip_affinity_seconds};
  set.external_local = node_port && service.external_traffic_policy == model::TrafficPolicy::kLocal;
  set.datagrams = fronts.port.protocol == model::Protocol::kUdp;
  choose(endpoints, cluster_backends(endpoints, place), set);
  for (const auto& address : internal)
    fronts.lead(address, fronts.port.port, set.id, config.cluster_ips_from_outside ? set.id : SetId(), Sole::kEverybody);
  if (outside.any()) plan_outside(fronts, outside, endpoints, set);
  if (service.internal_traffic_policy == model::TrafficPolicy::kLocal) choose_local(endpoints, set);
  fronts.planned.rows.push_back(std::move(set));
}

void plan_port(const Service& service, const model::ServicePort& port, const model::Snapshot& snapshot, const SliceRows& slices,
               const Place& place, model::Planned& planned) {
  const std::string subject = "Service " + service.meta.key();
  if (port.protocol == model::Protocol::kSctp) {
    planned.problems.push_back({subject, "port " + std::to_string(port.port) + "/SCTP is not served", "ichor serves TCP and UDP"});
    return;
  }
  const bool node_port = has_node_port(service, port, snapshot.config().node_ports, planned);
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
    plan_family({service, port, family, snapshot, planned}, node_port, slices, place);
}

// The own Node came into another zone; what else changes in it, as it does with every heartbeat, means nothing to Services.
bool moves_node(const Touched& touched, const model::Snapshot& snapshot) {
  return touched.is<model::Node>() && touched.key<model::Node>() == snapshot.identity.node_name &&
         zone_of(touched.old_row<model::Node>()) != zone_of(touched.new_row<model::Node>());
}

}  // namespace

bool left_to_others(const Service& service, const model::Config& config) {
  const auto proxy = service.meta.labels.find("service.kubernetes.io/service-proxy-name");
  const bool others = proxy == service.meta.labels.end() ? !config.service_proxy_name.empty() : proxy->second != config.service_proxy_name;
  return others || service.meta.labels.contains("service.kubernetes.io/headless");
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
  if (!service || service->headless || service->type == model::ServiceType::kExternalName || left_to_others(*service, snapshot.config()))
    return planned;

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
  for (const auto& port : service->ports) plan_port(*service, port, snapshot, slices, place, planned);
  return planned;
}

}  // namespace plan::services
