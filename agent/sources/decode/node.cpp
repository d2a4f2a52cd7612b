#include <set>

#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/object_meta.h"

namespace sources::decode {
namespace {

using model::Node;

void decode_pod_cidrs(const Field& spec, Node& node) {
  std::set<base::Family> families;
  node.pod_cidrs = spec["podCIDRs"].each([&](const Field& field) {
    auto cidr = field.cidr();
    if (cidr && !families.insert(cidr->address.family()).second) field.complain("is the second prefix of its family");
    return cidr;
  });
  Field single = spec["podCIDR"].lenient();
  if (single.text().empty()) return;
  auto first = single.cidr();
  if (!first) return;
  if (node.pod_cidrs.empty()) node.pod_cidrs.push_back(*first);
  if (node.pod_cidrs.front() != *first) single.complain("is not the first of spec.podCIDRs, which counts");
}

void decode_addresses(const Field& status, Node& node) {
  status["addresses"].each([&](const Field& field) -> std::optional<base::Ip> {
    std::string type = field["type"].text();
    if (type != "InternalIP" && type != "ExternalIP") return std::nullopt;
    Field address = field["address"];
    auto ip = address.ip();
    if (!address.present()) address.is_not("an IP address");
    if (ip) (type == "InternalIP" ? node.internal_ips : node.external_ips).push_back(*ip);
    return std::nullopt;
  });
}

bool has_condition(const Field& status, std::string_view type) {
  bool found = false;
  status["conditions"].each([&](const Field& condition) -> std::optional<bool> {
    found |= condition["type"].text() == type && condition["status"].text() == "True";
    return std::nullopt;
  });
  return found;
}

}  // namespace

base::Result<Node> decode_node(const Value& object, Warnings& warnings) {
  Complaint complaint;
  Field root(object, complaint, &warnings);
  Field spec = root["spec"], status = root["status"].lenient();
  Node node;
  node.meta = decode_meta(root, Scope::kCluster, is_dns_subdomain);
  node.being_deleted = being_deleted(root);
  decode_pod_cidrs(spec, node);
  decode_addresses(status, node);
  node.ready = has_condition(status, "Ready");
  node.network_unavailable = has_condition(status, "NetworkUnavailable");
  node.taint_keys = spec["taints"].lenient().each([](const Field& taint) { return std::optional(taint["key"].text()); });
  if (complaint) return base::Error{EINVAL, *complaint};
  return node;
}

}  // namespace sources::decode
