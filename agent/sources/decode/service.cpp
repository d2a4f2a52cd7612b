#include <algorithm>
#include <set>

#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/object_meta.h"
#include "sources/decode/protocol.h"

namespace sources::decode {
namespace {

using base::Family;
using model::Service;
using model::ServicePort;
using model::ServiceType;
using model::TrafficPolicy;

std::string target_port(const Field& field, uint16_t port) {
  if (!field.present()) return std::to_string(port);
  if (!field.is_text()) return std::to_string(field.port());
  std::string name = field.text();
  if (!is_port_name(name)) field.is_not("the name of a port (up to 15 of a-z, 0-9 and -)");
  return name;
}

ServicePort decode_port(const Field& field) {
  ServicePort port;
  Field number = field["port"], name = field["name"];
  port.name = name.text();
  if (!port.name.empty() && !is_dns_label(port.name)) name.is_not("a name of lower-case letters, digits and - (RFC 1123)");
  port.protocol = decode_protocol(field["protocol"]);
  port.port = number.port();
  if (!number.present()) number.complain("is missing");
  port.node_port = field["nodePort"].port(0);
  port.target_port = target_port(field["targetPort"], port.port);
  return port;
}

void decode_ports(const Field& spec, Service& service) {
  Field ports = spec["ports"];
  std::set<std::string> names;
  std::set<std::pair<uint16_t, model::Protocol>> numbers;
  ports.each([&](const Field& field) {
    ServicePort port = decode_port(field);
    if (port.name.empty() && ports.size() > 1) field.complain("needs a name, as there are several ports");
    if (!names.insert(port.name).second) field.complain("name \"" + port.name + "\" is there twice");
    if (!numbers.emplace(port.port, port.protocol).second) field.complain("this port and protocol are there twice");
    if (port.node_port && service.type != ServiceType::kNodePort && service.type != ServiceType::kLoadBalancer)
      field.complain("nodePort needs type NodePort or LoadBalancer");
    service.ports.push_back(std::move(port));
  });
  if (service.ports.empty() && !service.headless && service.type != ServiceType::kExternalName) ports.complain("needs at least one port");
}

void check_two_families(const Field& field, const std::vector<Family>& families) {
  if (families.size() > 2 || (families.size() == 2 && families[0] == families[1])) field.complain("takes at most one of each family");
}

std::vector<Family> families_of(const std::vector<base::Ip>& ips) {
  std::vector<Family> families;
  for (const auto& ip : ips) families.push_back(ip.family());
  return families;
}

void decode_cluster_ips(const Field& spec, Service& service) {
  Field list = spec["clusterIPs"], single = spec["clusterIP"];
  std::vector<std::string> texts;
  list.each([&](const Field& field) {
    texts.push_back(field.text());
    if (texts.back() == "None") return;
    auto ip = field.ip();
    if (ip) service.cluster_ips.push_back(*ip);
  });
  std::string first = single.text();
  if (texts.empty() && !first.empty()) {
    texts = {first};
    if (auto ip = first == "None" ? std::nullopt : single.ip()) service.cluster_ips = {*ip};
  } else if (!first.empty() && first != texts[0]) {
    single.complain("is not the first of spec.clusterIPs");
  }
  service.headless = std::find(texts.begin(), texts.end(), "None") != texts.end();
  if (service.headless && texts.size() > 1) list.complain("takes None alone or addresses");
  if (service.headless && service.type != ServiceType::kClusterIp && service.type != ServiceType::kExternalName)
    single.complain("None needs type ClusterIP");
  check_two_families(list, families_of(service.cluster_ips));
  if (service.type == ServiceType::kExternalName) service.cluster_ips.clear();
}

void decode_families(const Field& spec, Service& service) {
  Field list = spec["ipFamilies"];
  list.each([&](const Field& field) {
    service.ip_families.push_back(one_of<Family>(field, {{"IPv4", Family::kIpv4}, {"IPv6", Family::kIpv6}}));
  });
  check_two_families(list, service.ip_families);
  auto assigned = families_of(service.cluster_ips);
  if (service.ip_families.empty()) service.ip_families = assigned;
  // A family may wait for its address, so only those that have one are compared.
  const auto differs = std::mismatch(assigned.begin(), assigned.end(), service.ip_families.begin(), service.ip_families.end());
  if (differs.first != assigned.end()) list.complain("does not match spec.clusterIPs");
}

void decode_affinity(const Field& spec, Service& service) {
  if (!one_of<bool>(spec["sessionAffinity"], {{"None", false}, {"ClientIP", true}})) return;
  Field config = spec["sessionAffinityConfig"];
  Field client_ip = config["clientIP"];
  auto seconds = client_ip["timeoutSeconds"].integer(1, 86400, "a number of seconds (1 to 86400)", 10800);
  service.client_ip_affinity_seconds = static_cast<uint32_t>(seconds);
}

// An entry with ipMode Proxy is reached through the balancer's own address, never by serving it here (KEP-1860).
void decode_ingress(const Field& object, Service& service) {
  Field status = object["status"];
  Field load_balancer = status["loadBalancer"];
  load_balancer["ingress"].each([&](const Field& entry) {
    bool proxy = one_of<bool>(entry["ipMode"], {{"VIP", false}, {"Proxy", true}});
    auto ip = entry["ip"].ip();
    if (ip && !proxy) service.load_balancer_ingress.push_back(*ip);
  });
}

}  // namespace

base::Result<Service> decode_service(const nlohmann::json& object) {
  Complaint complaint;
  Field root(object, complaint);
  Field spec = root["spec"];
  Service service;
  service.meta = decode_meta(root, Scope::kNamespaced, is_dns_label);
  service.type = one_of<ServiceType>(spec["type"], {{"ClusterIP", ServiceType::kClusterIp},
                                                    {"NodePort", ServiceType::kNodePort},
                                                    {"LoadBalancer", ServiceType::kLoadBalancer},
                                                    {"ExternalName", ServiceType::kExternalName}});
  decode_cluster_ips(spec, service);
  decode_families(spec, service);
  decode_ports(spec, service);
  decode_affinity(spec, service);
  decode_ingress(root, service);
  service.selector = spec["selector"].labels();
  constexpr std::pair<std::string_view, TrafficPolicy> kPolicies[] = {{"Cluster", TrafficPolicy::kCluster},
                                                                      {"Local", TrafficPolicy::kLocal}};
  service.internal_traffic_policy = one_of(spec["internalTrafficPolicy"], kPolicies);
  service.external_traffic_policy = one_of(spec["externalTrafficPolicy"], kPolicies);
  service.publish_not_ready_addresses = spec["publishNotReadyAddresses"].boolean(false);
  spec["externalIPs"].each([&](const Field& field) {
    if (auto ip = field.ordinary_ip()) service.external_ips.push_back(*ip);
  });
  if (complaint) return base::Error{EINVAL, *complaint};
  return service;
}

}  // namespace sources::decode
