#include "plan/health_checks.h"

#include <algorithm>

#include "plan/endpoints.h"
#include "plan/node.h"
#include "plan/node_addresses.h"
#include "plan/services.h"

namespace plan::health_checks {
namespace {

using model::Service;
using model::desired::HealthCheck;

constexpr const char* kToBeDeleted = "ToBeDeletedByClusterAutoscaler";  // a taint's key: traffic is to leave before the node does

bool is_checked(const Service& service, const model::Config& config) {
  return service.health_check_node_port != 0 && service.type == model::ServiceType::kLoadBalancer &&
         service.external_traffic_policy == model::TrafficPolicy::kLocal && !services::left_to_others(service, config);
}

bool is_checked(const model::Snapshot& snapshot, const std::string& key) {
  const Service* service = snapshot.table<Service>().find(key);
  return service && is_checked(*service, snapshot.config());
}

// By what load balancers go when they weigh nodes: pods, whatever the number of their ports. kube-proxy counts addresses, of each family
// alone; of a Service with two every pod has both.
uint32_t local_ready(const SliceRows& slices, const std::string& node) {
  std::set<base::Ip> v4, v6;
  for (const auto* slice : slices) {
    if (slice->ports.empty()) continue;
    for (const auto& endpoint : slice->endpoints)
      if (!node.empty() && endpoint.node_name == node && endpoint.ready) (endpoint.address.is_v4() ? v4 : v6).insert(endpoint.address);
  }
  return static_cast<uint32_t>(std::max(v4.size(), v6.size()));
}

std::vector<base::Ip> all_addresses() { return {base::Ip::from_v4_be(0), base::Ip{}}; }

// One socket for all addresses of a family, those to come among them, unless nodePort.addresses leaves some out.
std::vector<base::Ip> chosen_addresses(const model::Snapshot& snapshot) {
  const auto& prefixes = snapshot.config().node_port_addresses;
  auto some_prefix = [&](auto property) { return std::any_of(prefixes.begin(), prefixes.end(), property); };
  std::vector<base::Ip> addresses;
  for (const auto& all : all_addresses())
    if (!some_prefix([&](const auto& prefix) { return prefix.address.family() == all.family(); })) addresses.push_back(all);
  if (prefixes.empty()) return addresses;
  for (const auto& ip : node_addresses::own_addresses(snapshot))
    if (some_prefix([&](const auto& prefix) { return prefix.contains(ip); })) addresses.push_back(ip);
  return addresses;
}

// As kube-proxy has it: a node that nobody knows is sent nothing.
bool is_eligible(const model::Node* node) {
  return node && !node->being_deleted &&
         std::find(node->taint_keys.begin(), node->taint_keys.end(), kToBeDeleted) == node->taint_keys.end();
}

model::Planned plan_node(const model::Snapshot& snapshot) {
  model::Planned planned;
  const auto& healthz = snapshot.config().proxy_healthz;
  if (!healthz) return planned;
  auto addresses = healthz->address.is_unspecified() ? all_addresses() : std::vector{healthz->address};
  for (const auto& address : addresses)
    planned.rows.push_back(HealthCheck{
        .address = address, .port = healthz->port, .node_eligible = is_eligible(snapshot.own_node()), .since = HealthCheck::kBeforeAll});
  return planned;
}

model::Planned plan_service(const std::string& key, const Service& service, const model::Snapshot& snapshot) {
  model::Planned planned;
  const uint32_t count = local_ready(slices_of(snapshot, key), snapshot.identity.node_name);
  for (const auto& address : chosen_addresses(snapshot))
    planned.rows.push_back(HealthCheck{.address = address,
                                       .port = service.health_check_node_port,
                                       .service = key,
                                       .local_endpoints = count,
                                       .since = service.meta.created});
  return planned;
}

void insert_services(const model::Snapshot& snapshot, Keys& keys) {
  for (const auto& [key, service] : snapshot.table<Service>())
    if (is_checked(*service, snapshot.config())) keys.insert(key);
}

bool moves_chosen_address(const Touched& touched, const model::Snapshot& snapshot) {
  if (!touched.is<model::Address>() || snapshot.config().node_port_addresses.empty()) return false;
  auto is_on_foreign_link = [](const model::Address* address) { return address && is_foreign_link(address->link); };
  return is_on_foreign_link(touched.old_row<model::Address>()) || is_on_foreign_link(touched.new_row<model::Address>());
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Service>())
    for (const auto* service : {touched.old_row<Service>(), touched.new_row<Service>()})
      if (service && is_checked(*service, snapshot.config())) keys.insert(touched.key<Service>());
  if (touched.is<model::EndpointSlice>())
    for (const auto* slice : {touched.old_row<model::EndpointSlice>(), touched.new_row<model::EndpointSlice>()})
      if (slice && is_checked(snapshot, slice->service)) keys.insert(slice->service);
  if (touched.is<model::Node>() && touched.key<model::Node>() == snapshot.identity.node_name) keys.insert(kNodeKey);
  const bool all = changes_knowledge(touched);
  if (all) keys.insert(kNodeKey);
  if (all || moves_chosen_address(touched, snapshot)) insert_services(snapshot, keys);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  if (!settled(snapshot)) return {};
  if (key == kNodeKey) return plan_node(snapshot);
  const Service* service = snapshot.table<Service>().find(key);
  return service && is_checked(*service, snapshot.config()) && snapshot.config().health_check_node_ports
             ? plan_service(key, *service, snapshot)
             : model::Planned();
}

}  // namespace plan::health_checks
