#include <algorithm>
#include <set>

#include "base/text.h"
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

// Endpoints carry the resolved number, so that nothing but the status reads this.
std::string target_port(const Field& field, uint16_t port) {
  if (!field.present()) return std::to_string(port);
  if (!field.is_text()) return std::to_string(field.port());
  std::string name = field.text();
  if (!is_port_name(name)) field.is_not("the name of a port (up to 15 of a-z, 0-9 and -)");
  return name;
}

ServicePort decode_port(const Field& field, ServiceType type) {
  ServicePort port;
  Field number = field["port"], name = field["name"], node_port = field["nodePort"].lenient();
  port.name = name.text();
  if (!port.name.empty() && !is_dns_label(port.name)) name.is_not("a name of lower-case letters, digits and - (RFC 1123)");
  port.protocol = decode_protocol(field["protocol"]);
  port.port = number.port();
  if (!number.present()) number.complain("is missing");
  port.node_port = node_port.port(0);
  if (port.node_port && type != ServiceType::kNodePort && type != ServiceType::kLoadBalancer) {
    node_port.complain("needs type NodePort or LoadBalancer");
    port.node_port = 0;
  }
  port.target_port = target_port(field["targetPort"].lenient(), port.port);
  return port;
}

void decode_ports(const Field& spec, Service& service) {
  Field ports = spec["ports"];
  std::set<std::string> names;
  std::set<std::pair<uint16_t, model::Protocol>> numbers;
  service.ports = ports.each([&](const Field& field) {
    ServicePort port = decode_port(field, service.type);
    if (field.is_good() && names.contains(port.name))
      field.complain(port.name.empty() ? "needs a name, as there are several ports" : "name \"" + port.name + "\" is there twice");
    if (field.is_good() && !numbers.emplace(port.port, port.protocol).second) field.complain("this port and protocol are there twice");
    if (field.is_good()) names.insert(port.name);
    return std::optional(std::move(port));
  });
  if (!service.ports.empty() || service.headless || service.type == ServiceType::kExternalName) return;
  ports.complain(ports.size() ? "holds no port that can be served" : "needs at least one port");
}

// At most one of each family.
bool is_new(const base::Ip& ip, std::set<Family>& families, const Field& field) {
  if (families.insert(ip.family()).second) return true;
  field.complain("is the second address of its family");
  return false;
}

std::vector<Family> families_of(const std::vector<base::Ip>& ips) {
  std::vector<Family> families;
  for (const auto& ip : ips) families.push_back(ip.family());
  return families;
}

void decode_cluster_ips(const Field& spec, Service& service) {
  Field list = spec["clusterIPs"], single = spec["clusterIP"];
  const std::string first = list.size() ? list.front().lenient().text() : single.text();
  service.headless = first == "None";
  std::set<Family> families;
  if (list.size() == 0 && !first.empty() && !service.headless) {
    if (auto ip = single.ordinary_ip()) service.cluster_ips = {*ip};
  } else {
    service.cluster_ips = list.each([&](const Field& field) -> std::optional<base::Ip> {
      if (service.headless) {
        if (field.text() != "None") field.complain("stands beside None");
        return std::nullopt;
      }
      auto ip = field.ordinary_ip();
      return ip && is_new(*ip, families, field) ? ip : std::nullopt;
    });
    if (list.size() && !service.headless && service.cluster_ips.empty()) list.complain("holds no address that can be served");
    const std::string other = single.lenient().text();
    if (!other.empty() && other != first) single.lenient().complain("is not the first of spec.clusterIPs, which counts");
  }
  if (service.headless && service.type != ServiceType::kClusterIp && service.type != ServiceType::kExternalName)
    single.lenient().complain("None needs type ClusterIP");
  if (service.type == ServiceType::kExternalName) service.cluster_ips.clear();
}

void decode_families(const Field& spec, Service& service) {
  Field list = spec["ipFamilies"].lenient();
  service.ip_families = list.each(
      [](const Field& field) { return std::optional(one_of<Family>(field, {{"IPv4", Family::kIpv4}, {"IPv6", Family::kIpv6}})); });
  auto assigned = families_of(service.cluster_ips);
  if (service.ip_families.empty()) service.ip_families = assigned;
  // A family may wait for its address, so only those that have one are compared.
  const auto differs = std::mismatch(assigned.begin(), assigned.end(), service.ip_families.begin(), service.ip_families.end());
  if (differs.first != assigned.end()) list.complain("does not match spec.clusterIPs");
}

void decode_affinity(const Field& spec, Service& service) {
  if (!one_of<bool>(spec["sessionAffinity"].lenient(), {{"None", false}, {"ClientIP", true}})) return;
  Field config = spec["sessionAffinityConfig"].lenient();
  Field client_ip = config["clientIP"];
  auto seconds = client_ip["timeoutSeconds"].integer(1, 86400, "a number of seconds (1 to 86400)", 10800);
  service.client_ip_affinity_seconds = static_cast<uint32_t>(seconds);
}

// Other balancers take blanks around a prefix. An entry that cannot be read lets nobody in, and nobody else out.
void decode_source_ranges(const Field& spec, Service& service) {
  Field list = spec["loadBalancerSourceRanges"].lenient();
  service.restricts_sources = list.size() > 0;
  service.source_ranges = list.each([](const Field& field) -> std::optional<base::Cidr> {
    if (auto cidr = base::parse_cidr(base::trim(field.text()))) return base::canonical(*cidr);
    field.is_not("a prefix such as 192.0.2.0/24");
    return std::nullopt;
  });
}

// An entry with ipMode Proxy is reached through the balancer's own address, never by serving it here (KEP-1860).
void decode_ingress(const Field& object, Service& service) {
  Field status = object["status"].lenient();
  Field load_balancer = status["loadBalancer"];
  service.load_balancer_ingress = load_balancer["ingress"].each([](const Field& entry) {
    bool proxy = one_of<bool>(entry["ipMode"], {{"VIP", false}, {"Proxy", true}});
    auto ip = entry["ip"].ordinary_ip();
    return proxy ? std::nullopt : ip;
  });
}

}  // namespace

base::Result<Service> decode_service(const Value& object, Warnings& warnings) {
  Complaint complaint;
  Field root(object, complaint, &warnings);
  Field spec = root["spec"];
  Service service;
  service.meta = decode_meta(root, Scope::kNamespaced, is_dns_label);
  service.type = one_of<ServiceType>(spec["type"].lenient(), {{"ClusterIP", ServiceType::kClusterIp},
                                                              {"NodePort", ServiceType::kNodePort},
                                                              {"LoadBalancer", ServiceType::kLoadBalancer},
                                                              {"ExternalName", ServiceType::kExternalName}});
  decode_cluster_ips(spec, service);
  decode_families(spec, service);
  decode_ports(spec, service);
  decode_affinity(spec, service);
  decode_ingress(root, service);
  decode_source_ranges(spec, service);
  service.selector = spec["selector"].lenient().labels();
  constexpr std::pair<std::string_view, TrafficPolicy> kPolicies[] = {{"Cluster", TrafficPolicy::kCluster},
                                                                      {"Local", TrafficPolicy::kLocal}};
  service.internal_traffic_policy = one_of(spec["internalTrafficPolicy"].lenient(), kPolicies);
  service.external_traffic_policy = one_of(spec["externalTrafficPolicy"].lenient(), kPolicies);
  service.publish_not_ready_addresses = spec["publishNotReadyAddresses"].lenient().boolean(false);
  service.external_ips = spec["externalIPs"].lenient().each([](const Field& field) { return field.ordinary_ip(); });
  service.health_check_node_port = spec["healthCheckNodePort"].lenient().port(0);
  if (complaint) return base::Error{EINVAL, *complaint};
  return service;
}

}  // namespace sources::decode
