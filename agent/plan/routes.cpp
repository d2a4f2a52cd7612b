#include "plan/routes.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "plan/node.h"
#include "plan/pod_cidrs.h"

namespace plan::routes {
namespace {

using model::HostRoute;
using model::Node;
using model::desired::RouteType;

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
      longest = address;
  return longest;
}

// The segment itself, which is foreign only by name: that a peer's pods have addresses of the range that the nodes live in says nothing
// about who routes them, and the longer route by the peer's own address leaves the rest of the segment alone.
bool is_segment(const HostRoute& route, const model::Address* segment) {
  return segment && route.gateway.is_unspecified() && route.link == segment->link && route.destination == base::canonical(segment->cidr);
}

// What others route of a prefix.
struct Standing {
  bool whole = false;                    // nothing is left of it
  std::vector<const HostRoute*> routes;  // the longest one that covers it, else those to its parts; sorted
};

// Whether parts of the prefix make up the whole of it.
bool filled(const base::Cidr& prefix, const std::set<base::Cidr>& parts) {
  if (parts.contains(prefix)) return true;
  bool any = std::any_of(parts.begin(), parts.end(), [&](const base::Cidr& part) { return prefix.contains(part.address); });
  if (!any || prefix.length == prefix.address.width()) return false;
  base::Cidr low{prefix.address, static_cast<uint8_t>(prefix.length + 1)}, high = low;
  high.address = *base::nth_address(prefix, base::address_count(prefix) / 2);
  return filled(low, parts) && filled(high, parts);
}

Standing standing(const base::Cidr& cidr, const model::Address* segment, const model::Snapshot& snapshot) {
  Standing found;
  auto collect = [&](const model::PrefixIndex::Keys& keys) {
    size_t before = found.routes.size();
    for (const auto& key : keys)
      if (const auto* route = snapshot.table<HostRoute>().find(key); route && !is_segment(*route, segment)) found.routes.push_back(route);
    return found.routes.size() > before;
  };
  snapshot.foreign_routes.covering(cidr, [&](const base::Cidr&, const auto& keys) { return !(found.whole = collect(keys)); });
  if (!found.whole) {
    std::set<base::Cidr> parts;
    snapshot.foreign_routes.inside(cidr, [&](const base::Cidr& part, const auto& keys) {
      if (collect(keys)) parts.insert(part);
      return true;
    });
    found.whole = !parts.empty() && filled(cidr, parts);
  }
  auto order = [](const HostRoute* route) { return std::tie(route->destination, route->metric, route->gateway, route->link); };
  std::sort(found.routes.begin(), found.routes.end(), [&](const auto* a, const auto* b) { return order(a) < order(b); });
  return found;
}

// "10.0.0.0/8 via 192.0.2.1 dev eth0 proto static", as ip-route(8) has it.
std::string route_text(const HostRoute& route) {
  const std::string type = model::route_type_name(route.type);
  std::string text = type == "unicast" ? "" : type + " ";
  text += base::to_string(route.destination);
  if (!route.gateway.is_unspecified()) text += " via " + base::to_string(route.gateway);
  if (!route.link.empty()) text += " dev " + route.link;
  return text + " proto " + model::route_protocol_name(route.protocol);
}

void note(const base::Cidr& cidr, const Standing& found, model::Planned& planned) {
  constexpr size_t kNamed = 3;
  if (found.routes.empty()) return;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(found.routes.size(), kNamed); ++i) names.push_back(route_text(*found.routes[i]));
  std::string text = base::to_string(cidr) + (found.whole ? " is left to " : " is left in part to ") + base::join(names, ", ");
  if (found.routes.size() > kNamed) text += " and " + std::to_string(found.routes.size() - kNamed) + " more";
  planned.notes.push_back(std::move(text));
}

// Without a route to what no pod holds, such a packet goes back out by the default route, and its router sends it here again. A longer or
// equal foreign route wins by itself. A shorter one on link would lose, although pods of another network may live there, and nothing
// comes back from a link: it is left to it. One by a gateway is the loop.
void plan_unused(const base::Cidr& cidr, const model::Snapshot& snapshot, model::Planned& planned) {
  if (cidr.length == cidr.address.width()) return;  // one address, the pod's own route
  Standing found = standing(cidr, nullptr, snapshot);
  bool on_link = found.whole && found.routes.front()->destination.length < cidr.length && found.routes.front()->gateway.is_unspecified();
  if (on_link) return note(cidr, found, planned);
  model::desired::Route route{
      cidr, base::Ip{}, "", base::Ip{}, model::desired::kUnusedRouteMetric, model::desired::RouteType::kUnreachable};
  planned.rows.push_back(std::move(route));
}

struct NextHop {
  base::Ip gateway;
  const model::Address* segment = nullptr;  // null: it is on none of this node's
};

bool is_own_address(const base::Ip& ip, const model::Snapshot& snapshot) {
  bool own = false;
  snapshot.host_addresses.covering(base::host_cidr(ip), [&](const base::Cidr&, const auto&) { return !(own = true); });
  return own;
}

// The first address of the family that is on a segment, else the first of the family. An address of this node, or one among the pods that
// it is to lead to, leads nowhere.
std::optional<NextHop> next_hop(const Node& peer, const base::Cidr& pods, const model::Snapshot& snapshot) {
  std::optional<NextHop> first;
  for (const auto& gateway : peer.internal_ips) {
    if (gateway.family() != pods.address.family() || pods.contains(gateway) || is_own_address(gateway, snapshot)) continue;
    NextHop hop{gateway, segment_of(gateway, snapshot)};
    if (hop.segment) return hop;
    if (!first) first = hop;
  }
  return first;
}

// Foreign routes win, whether they were there first or came later: as long as one covers the prefix, whoever made it (flannel, Cilium, a
// routing daemon, a person) brings packets to that peer in a way that ichor does not know. Ours has a metric that nobody else's is above,
// so that theirs can be added beside it and takes effect at once; then ours goes.
void plan_peer(const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot, model::Planned& planned) {
  const std::string subject = "Node " + peer.meta.name;
  if (auto fault = pod_cidr_fault(peer, cidr, snapshot)) return planned.problems.push_back(std::move(*fault));
  auto hop = next_hop(peer, cidr, snapshot);
  Standing found = standing(cidr, hop ? hop->segment : nullptr, snapshot);
  note(cidr, found, planned);
  if (found.whole) return;
  if (!hop)
    planned.problems.push_back(
        {subject,
         std::string("has no ") + (cidr.address.is_v4() ? "IPv4" : "IPv6") + " InternalIP to route " + base::to_string(cidr) + " to",
         "look at the Node's status.addresses"});
  else if (hop->segment)
    planned.rows.push_back(
        model::desired::Route{cidr, hop->gateway, hop->segment->link, base::Ip{}, model::desired::kPeerRouteMetric, RouteType::kUnicast});
  else if (!snapshot.config().direct_routing_skip_unreachable)
    planned.problems.push_back({subject, "none of its addresses is on a segment of this node, so its pods are left to the default route",
                                "route " + base::to_string(cidr) + " in your network, or set directRoutingSkipUnreachable"});
}

// What of the node's own object cannot be followed.
void note_own(const Node& own, const model::Snapshot& snapshot, model::Planned& planned) {
  const std::string subject = "Node " + own.meta.name;
  for (const auto& cidr : own.pod_cidrs) {
    if (auto fault = shape_fault(cidr))
      planned.problems.push_back(
          {subject, "its pod CIDR " + *fault + "; no pod gets an address of it", "correct the Node's spec.podCIDRs"});
    else if (is_too_small_for(cidr, snapshot.config()))
      planned.problems.push_back({subject,
                                  "MTU " + std::to_string(snapshot.config().mtu) +
                                      " is less than IPv6 needs (RFC 8200): no pod gets an address of " + base::to_string(cidr),
                                  "write MTU: 1280 or more, or ipv6.enabled: false"});
  }
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  judged_by(touched, snapshot, keys);
  if (touched.is<HostRoute>())
    for (const auto* route : {touched.old_row<HostRoute>(), touched.new_row<HostRoute>()}) {
      if (!route || !model::is_foreign(*route)) continue;
      auto insert_all = [&](const base::Cidr&, const auto& nodes) {
        keys.insert(nodes.begin(), nodes.end());
        return true;
      };
      snapshot.nodes_of_pod_cidr.covering(route->destination, insert_all);
      snapshot.nodes_of_pod_cidr.inside(route->destination, insert_all);
    }
  if (!changes_node(touched, snapshot)) return;
  for (const auto& [name, node] : snapshot.table<Node>()) keys.insert(name);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const Node* node = snapshot.table<Node>().find(key);
  if (!node || !settled(snapshot)) return planned;
  if (key == snapshot.identity.node_name) {
    note_own(*node, snapshot, planned);
    for (const auto& cidr : own_pod_cidrs(snapshot)) plan_unused(cidr, snapshot, planned);
    return planned;
  }
  if (!snapshot.config().auto_direct_node_routes) return planned;
  for (const auto& cidr : node->pod_cidrs)
    if (cidr.address.is_v4() ? snapshot.config().ipv4 : snapshot.config().ipv6) plan_peer(*node, cidr, snapshot, planned);
  return planned;
}

}  // namespace plan::routes
