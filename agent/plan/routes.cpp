#include "plan/routes.h"

#include "plan/node.h"

namespace plan::routes {
namespace {

using model::Node;

// The longer prefix; between equals the link whose name sorts first, so that the order of rows does not matter.
bool better(const model::Address& a, const model::Address& b) {
  return a.cidr.length != b.cidr.length ? a.cidr.length > b.cidr.length : a.link < b.link;
}

// The link whose own prefix covers the gateway; null when it is on no segment of this node.
const model::Address* segment_of(const base::Ip& gateway, const model::Snapshot& snapshot) {
  const model::Address* longest = nullptr;
  for (const auto& [key, address] : snapshot.table<model::Address>())
    if (is_foreign_link(address->link) && address->cidr.length < address->cidr.address.width() && address->cidr.contains(gateway) &&
        (!longest || better(*address, *longest)))
      longest = address.get();
  return longest;
}

void plan_cidr(const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot, model::Planned& planned) {
  const std::string subject = "Node " + peer.meta.name;
  for (const auto& own : own_pod_cidrs(snapshot))
    if (own.contains(cidr.address) || cidr.contains(own.address)) {
      planned.problems.push_back({subject, "its pod CIDR " + base::to_string(cidr) + " overlaps this node's " + base::to_string(own),
                                  "give the nodes disjoint pod CIDRs"});
      return;
    }
  bool has_address = false;
  for (const auto& gateway : peer.internal_ips) {
    if (gateway.family() != cidr.address.family()) continue;
    has_address = true;
    if (const auto* segment = segment_of(gateway, snapshot)) {
      planned.rows.push_back(model::desired::Route{cidr, gateway, segment->link, base::Ip{}});
      return;
    }
  }
  if (!has_address)
    planned.problems.push_back(
        {subject,
         std::string("has no ") + (cidr.address.is_v4() ? "IPv4" : "IPv6") + " InternalIP to route " + base::to_string(cidr) + " to",
         "look at the Node's status.addresses"});
  else if (!snapshot.config().direct_routing_skip_unreachable)
    planned.problems.push_back({subject, "none of its addresses is on a segment of this node, so its pods are left to the default route",
                                "route " + base::to_string(cidr) + " in your network, or set directRoutingSkipUnreachable"});
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Node>()) keys.insert(touched.key<Node>());
  if (!changes_node(touched, snapshot)) return;
  for (const auto& [name, node] : snapshot.table<Node>()) keys.insert(name);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const Node* peer = snapshot.table<Node>().find(key);
  if (!peer || key == snapshot.identity.node_name || !objects_known(snapshot) || !snapshot.config().auto_direct_node_routes) return planned;
  for (const auto& cidr : peer->pod_cidrs)
    if (cidr.address.is_v4() ? snapshot.config().ipv4 : snapshot.config().ipv6) plan_cidr(*peer, cidr, snapshot, planned);
  return planned;
}

}  // namespace plan::routes
