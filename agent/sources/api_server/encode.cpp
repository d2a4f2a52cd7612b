#include "sources/api_server/encode.h"

#include <ctime>

namespace sources::api_server {
namespace {

using nlohmann::json;

std::string time_text(int64_t seconds) {
  char text[32];
  const time_t time = seconds;
  tm utc{};
  ::gmtime_r(&time, &utc);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

json encode(const model::ObjectMeta& meta) {
  json object = {{"name", meta.name}};
  if (!meta.ns.empty()) object["namespace"] = meta.ns;
  if (!meta.uid.empty()) object["uid"] = meta.uid;
  if (meta.created) object["creationTimestamp"] = time_text(meta.created);
  if (!meta.labels.empty()) object["labels"] = meta.labels;
  if (!meta.annotations.empty()) object["annotations"] = meta.annotations;
  return object;
}

template <class Addresses>
json texts(const Addresses& addresses) {
  json list = json::array();
  for (const auto& address : addresses) list.push_back(base::to_string(address));
  return list;
}

// [{NAME: "..."}, ...]
template <class Texts>
json named(const char* name, const Texts& values) {
  json list = json::array();
  for (const auto& value : values) list.push_back({{name, value}});
  return list;
}

const char* type_name(model::ServiceType type) {
  using enum model::ServiceType;
  return type == kNodePort ? "NodePort" : type == kLoadBalancer ? "LoadBalancer" : type == kExternalName ? "ExternalName" : "ClusterIP";
}

// A name has a letter, a number has none.
json encode_target(const std::string& target) {
  bool is_number = target.find_first_not_of("0123456789") == std::string::npos && target.size() <= 5;
  return is_number ? json(std::stoi(target)) : json(target);
}

json encode(const model::ServicePort& port) {
  json object = {{"protocol", model::protocol_name(port.protocol)}, {"port", port.port}};
  if (!port.name.empty()) object["name"] = port.name;
  if (port.node_port) object["nodePort"] = port.node_port;
  if (!port.target_port.empty()) object["targetPort"] = encode_target(port.target_port);
  return object;
}

json encode(const model::Service& service) {
  json spec = {{"clusterIPs", service.headless ? json({"None"}) : texts(service.cluster_ips)}};
  if (service.type != model::ServiceType::kClusterIp) spec["type"] = type_name(service.type);
  if (service.internal_traffic_policy == model::TrafficPolicy::kLocal) spec["internalTrafficPolicy"] = "Local";
  if (service.external_traffic_policy == model::TrafficPolicy::kLocal) spec["externalTrafficPolicy"] = "Local";
  if (service.publish_not_ready_addresses) spec["publishNotReadyAddresses"] = true;
  for (auto family : service.ip_families) spec["ipFamilies"].push_back(family == base::Family::kIpv4 ? "IPv4" : "IPv6");
  for (const auto& port : service.ports) spec["ports"].push_back(encode(port));
  if (!service.selector.empty()) spec["selector"] = service.selector;
  if (!service.external_ips.empty()) spec["externalIPs"] = texts(service.external_ips);
  if (service.client_ip_affinity_seconds) {
    spec["sessionAffinity"] = "ClientIP";
    spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"] = service.client_ip_affinity_seconds;
  }
  json object = {{"spec", std::move(spec)}};
  for (const auto& address : service.load_balancer_ingress)
    object["status"]["loadBalancer"]["ingress"].push_back({{"ip", base::to_string(address)}});
  return object;
}

// "KIND NAMESPACE/NAME", as decode_endpoint_slice() writes it.
json encode_reference(const std::string& target) {
  size_t space = target.find(' '), slash = target.find('/', space);
  return {
      {"kind", target.substr(0, space)}, {"namespace", target.substr(space + 1, slash - space - 1)}, {"name", target.substr(slash + 1)}};
}

json encode(const model::Endpoint& endpoint) {
  json object = {{"addresses", {base::to_string(endpoint.address)}}};
  if (!endpoint.ready) object["conditions"]["ready"] = false;
  if (!endpoint.serving) object["conditions"]["serving"] = false;
  if (endpoint.terminating) object["conditions"]["terminating"] = true;
  if (!endpoint.node_name.empty()) object["nodeName"] = endpoint.node_name;
  if (!endpoint.zone.empty()) object["zone"] = endpoint.zone;
  if (!endpoint.zone_hints.empty()) object["hints"]["forZones"] = named("name", endpoint.zone_hints);
  if (!endpoint.node_hints.empty()) object["hints"]["forNodes"] = named("name", endpoint.node_hints);
  if (!endpoint.target.empty()) object["targetRef"] = encode_reference(endpoint.target);
  return object;
}

json encode(const model::EndpointSlice& slice) {
  json object = {{"addressType", slice.family == base::Family::kIpv6 ? "IPv6" : "IPv4"}};
  for (const auto& port : slice.ports)
    object["ports"].push_back({{"name", port.name}, {"protocol", model::protocol_name(port.protocol)}, {"port", port.port}});
  for (const auto& endpoint : slice.endpoints) object["endpoints"].push_back(encode(endpoint));
  return object;
}

json encode(const model::Node& node) {
  json object = {{"spec", {{"podCIDRs", texts(node.pod_cidrs)}, {"taints", named("key", node.taint_keys)}}}};
  if (node.ready) object["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  json& addresses = object["status"]["addresses"] = json::array();
  for (const auto& ip : node.internal_ips) addresses.push_back({{"type", "InternalIP"}, {"address", base::to_string(ip)}});
  for (const auto& ip : node.external_ips) addresses.push_back({{"type", "ExternalIP"}, {"address", base::to_string(ip)}});
  return object;
}

json encode(const model::Pod& pod) {
  return {{"spec", {{"nodeName", pod.node_name}, {"hostNetwork", pod.host_network}}},
          {"status", {{"phase", pod.phase}, {"podIPs", named("ip", texts(pod.ips))}}}};
}

json encode(const model::Namespace&) { return json::object(); }

bool being_deleted(const model::Node& node) { return node.being_deleted; }
bool being_deleted(const auto&) { return false; }

}  // namespace

json encode_row(const decode::ObjectRow& row) {
  return std::visit(
      [&](const auto& shared) {
        json object = encode(*shared);
        object["metadata"] = encode(shared->meta);
        if (being_deleted(*shared)) object["metadata"]["deletionTimestamp"] = "1970-01-01T00:00:00Z";  // only that there is one matters
        return object;
      },
      row);
}

}  // namespace sources::api_server
