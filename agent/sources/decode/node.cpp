#include "sources/decode/kinds.h"
#include "sources/decode/names.h"
#include "sources/decode/object_meta.h"

namespace sources::decode {
namespace {

using model::Node;

void decode_pod_cidrs(const Field& spec, Node& node) {
  Field list = spec["podCIDRs"], single = spec["podCIDR"];
  list.each([&](const Field& field) {
    auto cidr = field.cidr();
    if (!cidr) return;
    for (const auto& other : node.pod_cidrs)
      if (other.address.family() == cidr->address.family()) field.complain("is the second prefix of its family");
    node.pod_cidrs.push_back(*cidr);
  });
  if (single.text().empty()) return;
  auto first = single.cidr();
  if (!first) return;
  if (node.pod_cidrs.empty()) node.pod_cidrs.push_back(*first);
  if (node.pod_cidrs.front() != *first) single.complain("is not the first of spec.podCIDRs");
}

void decode_addresses(const Field& status, Node& node) {
  status["addresses"].each([&](const Field& field) {
    std::string type = field["type"].text();
    if (type != "InternalIP" && type != "ExternalIP") return;
    Field address = field["address"];
    auto ip = address.ip();
    if (!ip) return address.is_not("an IP address");
    (type == "InternalIP" ? node.internal_ips : node.external_ips).push_back(*ip);
  });
}

void decode_conditions(const Field& status, Node& node) {
  status["conditions"].each([&](const Field& condition) {
    if (condition["type"].text() == "NetworkUnavailable") node.network_unavailable = condition["status"].text() == "True";
  });
}

}  // namespace

base::Result<Node> decode_node(const nlohmann::json& object) {
  Complaint complaint;
  Field root(object, complaint);
  Field spec = root["spec"], status = root["status"];
  Node node;
  node.meta = decode_meta(root, Scope::kCluster, is_dns_subdomain);
  node.being_deleted = being_deleted(root);
  decode_pod_cidrs(spec, node);
  decode_addresses(status, node);
  decode_conditions(status, node);
  spec["taints"].each([&](const Field& taint) { node.taint_keys.push_back(taint["key"].text()); });
  if (complaint) return base::Error{EINVAL, *complaint};
  return node;
}

}  // namespace sources::decode
