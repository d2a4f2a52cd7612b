// Fields of Kubernetes objects. What the row's key says ("namespace/name") is not said again.
#include "status/fields.h"
#include "status/fields_text.h"

namespace status {

using namespace model;

namespace {

std::string type_name(ServiceType type) {
  switch (type) {
    case ServiceType::kClusterIp:
      return "ClusterIP";
    case ServiceType::kNodePort:
      return "NodePort";
    case ServiceType::kLoadBalancer:
      return "LoadBalancer";
    case ServiceType::kExternalName:
      return "ExternalName";
  }
  return "";
}

std::string policy_name(TrafficPolicy policy) { return policy == TrafficPolicy::kLocal ? "Local" : "Cluster"; }

// "http=80:30080/TCP->8080": name, port, node port, protocol, target port.
std::string port_text(const ServicePort& port) {
  std::string text = port.name.empty() ? "" : port.name + "=";
  text += std::to_string(port.port);
  if (port.node_port) text += ":" + std::to_string(port.node_port);
  text += "/" + std::string(protocol_name(port.protocol));
  if (!port.target_port.empty() && port.target_port != std::to_string(port.port)) text += "->" + port.target_port;
  return text;
}

std::string port_text(const EndpointPort& port) {
  std::string text = port.name.empty() ? "" : port.name + "=";
  return text + std::to_string(port.port) + "/" + std::string(protocol_name(port.protocol));
}

template <class Ports>
std::vector<std::string> port_texts(const Ports& ports) {
  std::vector<std::string> texts;
  for (const auto& port : ports) texts.push_back(port_text(port));
  return texts;
}

}  // namespace

Fields fields(const Service& service) {
  auto cluster_ips = service.headless ? std::vector<std::string>{"None"} : base::to_strings(service.cluster_ips);
  return {{"type", type_name(service.type)},
          {"cluster_ips", std::move(cluster_ips)},
          {"external_ips", base::to_strings(service.external_ips)},
          {"load_balancer", base::to_strings(service.load_balancer_ingress)},
          {"source_ranges", base::to_strings(service.source_ranges)},
          {"ports", port_texts(service.ports)},
          {"internal_policy", policy_name(service.internal_traffic_policy)},
          {"external_policy", policy_name(service.external_traffic_policy)},
          {"affinity_seconds", int64_t{service.client_ip_affinity_seconds}},
          {"not_ready_too", service.publish_not_ready_addresses},
          {"selector", label_texts(service.selector)},
          {"origin", service.meta.origin}};
}

Fields fields(const EndpointSlice& slice) {
  std::vector<std::string> ready, terminating, not_ready;
  for (const auto& endpoint : slice.endpoints) {
    auto& list = endpoint.ready ? ready : endpoint.terminating && endpoint.serving ? terminating : not_ready;
    list.push_back(base::to_string(endpoint.address) + (endpoint.node_name.empty() ? "" : "@" + endpoint.node_name));
  }
  return {{"service", slice.service},
          {"family", std::string(base::family_name(slice.family))},
          {"ports", port_texts(slice.ports)},
          {"ready", std::move(ready)},
          {"terminating", std::move(terminating)},
          {"not_ready", std::move(not_ready)},
          {"origin", slice.meta.origin}};
}

Fields fields(const Node& node) {
  return {{"internal_ips", base::to_strings(node.internal_ips)},
          {"external_ips", base::to_strings(node.external_ips)},
          {"pod_cidrs", base::to_strings(node.pod_cidrs)},
          {"being_deleted", node.being_deleted},
          {"network_unavailable", node.network_unavailable},
          {"taints", node.taint_keys},
          {"origin", node.meta.origin}};
}

Fields fields(const Pod& pod) {
  return {{"node", pod.node_name},
          {"phase", pod.phase},
          {"ips", base::to_strings(pod.ips)},
          {"host_network", pod.host_network},
          {"origin", pod.meta.origin}};
}

Fields fields(const Namespace& ns) { return {{"labels", label_texts(ns.meta.labels)}, {"origin", ns.meta.origin}}; }

}  // namespace status
