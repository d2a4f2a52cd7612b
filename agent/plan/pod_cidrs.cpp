#include "plan/pod_cidrs.h"

#include <algorithm>
#include <tuple>

#include "plan/node.h"

namespace plan {
namespace {

using model::Node;

struct Reserved {
  base::Cidr cidr;
  const char* what;
};

const std::vector<Reserved>& reserved() {
  static const std::vector<Reserved> kReserved = [] {
    std::vector<Reserved> ranges;
    for (const auto& [text, what] : {std::pair("0.0.0.0/8", "this network (RFC 1122)"),
                                     {"127.0.0.0/8", "loopback"},
                                     {"169.254.0.0/16", "link-local"},
                                     {"224.0.0.0/4", "multicast"},
                                     {"255.255.255.255/32", "the broadcast address"},
                                     {"::/8", "reserved, loopback among it (RFC 4291)"},
                                     {"fe80::/10", "link-local"},
                                     {"ff00::/8", "multicast"}})
      ranges.push_back({*base::parse_cidr(text), what});
    return ranges;
  }();
  return kReserved;
}

bool overlap(const base::Cidr& a, const base::Cidr& b) { return a.contains(b.address) || b.contains(a.address); }

bool overlaps_own(const base::Cidr& cidr, const model::Snapshot& snapshot) {
  const auto own = own_pod_cidrs(snapshot);
  return std::any_of(own.begin(), own.end(), [&](const auto& other) { return overlap(cidr, other); });
}

bool is_as_long_as_own(const base::Cidr& cidr, const model::Snapshot& snapshot) {
  const auto own = own_pod_cidrs(snapshot);
  return std::any_of(own.begin(), own.end(),
                     [&](const auto& other) { return other.address.is_v4() == cidr.address.is_v4() && other.length == cidr.length; });
}

// The order in which Nodes have a right to a prefix that they share. A controller manager cuts all ranges of a cluster to one length, and
// this node's is known. Of two with one prefix one lives, usually: the condition Ready says so within a minute of a node's death, while
// heartbeats, which go to Leases, change in the object every five minutes only and would make every one of them a reason to plan. Then the
// older object: who comes later and claims what another has is the one to be asked.
auto rank(const Node& node, const base::Cidr& cidr, const model::Snapshot& snapshot) {
  return std::tuple(!is_as_long_as_own(cidr, snapshot), !node.ready, node.meta.created, cidr.length, node.meta.name);
}

struct Claim {
  const Node* node = nullptr;
  base::Cidr cidr;
};

// What of the index's rows inside the prefix is the first to bear out `found`.
template <class Find>
void first_inside(const model::PrefixIndex& index, const base::Cidr& cidr, Find found) {
  auto visit = [&](const base::Cidr& prefix, const auto& keys) {
    return std::none_of(keys.begin(), keys.end(), [&](const auto& key) { return found(prefix, key); });
  };
  index.inside(cidr, visit);
}

std::optional<std::string> address_inside(const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot) {
  std::optional<std::string> text;
  auto say = [&](const base::Cidr& host, const std::string& what) {
    text = "contains " + base::to_string(host.address) + ", " + what;
    return true;
  };
  if (auto server = base::parse_ip(snapshot.config().k8s_service_host); server && cidr.contains(*server))
    say(base::host_cidr(*server), "the API server's address (k8sServiceHost)");
  if (!text)
    first_inside(snapshot.host_addresses, cidr, [&](const auto& host, const auto&) { return say(host, "an address of this node"); });
  if (!text)
    first_inside(snapshot.default_gateways, cidr,
                 [&](const auto& host, const auto&) { return say(host, "a default gateway of this node"); });
  if (!text)
    first_inside(snapshot.nodes_of_address, cidr, [&](const auto& host, const auto& name) {
      // A node that came later can say of itself that it has an address among the pods of one that was there.
      const Node* other = snapshot.table<Node>().find(name);
      if (!other || name == peer.meta.name || other->meta.created > peer.meta.created) return false;
      return say(host, "an address of Node " + name);
    });
  if (!text)
    first_inside(snapshot.services_of_cluster_ip, cidr,
                 [&](const auto& host, const auto& key) { return say(host, "the clusterIP of Service " + key); });
  return text;
}

// The first one found that goes before this one.
std::optional<Claim> better_claim(const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot) {
  std::optional<Claim> better;
  const auto own_rank = rank(peer, cidr, snapshot);
  auto visit = [&](const base::Cidr& other, const auto& names) {
    if (shape_fault(other) || overlaps_own(other, snapshot)) return true;
    for (const auto& name : names) {
      const Node* node = snapshot.table<Node>().find(name);
      if (node && name != peer.meta.name && rank(*node, other, snapshot) < own_rank) better = Claim{node, other};
    }
    return !better;
  };
  snapshot.nodes_of_pod_cidr.covering(cidr, visit);
  if (!better) snapshot.nodes_of_pod_cidr.inside(cidr, visit);
  return better;
}

std::string why_better(const Claim& better, const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot) {
  if (is_as_long_as_own(better.cidr, snapshot) && !is_as_long_as_own(cidr, snapshot)) return ", which is as long as this node's own";
  if (better.node->ready && !peer.ready) return ", which is Ready";
  return better.node->meta.created < peer.meta.created ? ", which was there before" : "";
}

// What other Nodes are judged by.
auto claims(const Node* node) {
  return node ? std::tuple(node->pod_cidrs, node->internal_ips, node->external_ips, node->ready, node->meta.created)
              : decltype(std::tuple(node->pod_cidrs, node->internal_ips, node->external_ips, node->ready, node->meta.created))();
}

void judged_by_prefix(const base::Cidr& cidr, const model::Snapshot& snapshot, Keys& nodes) {
  auto visit = [&](const base::Cidr&, const auto& names) {
    nodes.insert(names.begin(), names.end());
    return true;
  };
  if (shape_fault(cidr)) return;
  snapshot.nodes_of_pod_cidr.covering(cidr, visit);
  snapshot.nodes_of_pod_cidr.inside(cidr, visit);
}

void judged_by_address(const base::Ip& ip, const model::Snapshot& snapshot, Keys& nodes) {
  snapshot.nodes_of_pod_cidr.covering(base::host_cidr(ip), [&](const base::Cidr&, const auto& names) {
    nodes.insert(names.begin(), names.end());
    return true;
  });
}

}  // namespace

std::optional<std::string> shape_fault(const base::Cidr& cidr) {
  const bool v4 = cidr.address.is_v4();
  if (cidr.length < (v4 ? 8 : 32)) return base::to_string(cidr) + " is wider than a node's pods can need";
  if (base::address_count(cidr) < 4) return base::to_string(cidr) + " has no room for a pod";
  for (const auto& range : reserved())
    if (overlap(range.cidr, cidr)) return base::to_string(cidr) + " overlaps " + base::to_string(range.cidr) + ", which is " + range.what;
  return std::nullopt;
}

std::optional<model::Problem> pod_cidr_fault(const Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot) {
  auto fault = [&](const std::string& text, const char* remedy) {
    return model::Problem{"Node " + peer.meta.name, "its pod CIDR " + text, remedy};
  };
  constexpr const char* kDisjoint = "give the nodes disjoint pod CIDRs";
  if (auto shape = shape_fault(cidr)) return fault(*shape + "; it is not routed", "correct the Node's spec.podCIDRs");
  const std::string text = base::to_string(cidr);
  for (const auto& own : own_pod_cidrs(snapshot))
    if (overlap(own, cidr)) return fault(text + " overlaps this node's " + base::to_string(own), kDisjoint);
  if (auto inside = address_inside(peer, cidr, snapshot))
    return fault(text + " " + *inside + "; it is not routed", "give pods addresses that nothing else has");
  if (auto better = better_claim(peer, cidr, snapshot))
    return fault(text + " overlaps " + base::to_string(better->cidr) + " of Node " + better->node->meta.name +
                     why_better(*better, peer, cidr, snapshot) + "; it is not routed",
                 kDisjoint);
  return std::nullopt;
}

void judged_by(const Touched& touched, const model::Snapshot& snapshot, Keys& nodes) {
  if (touched.is<Node>()) {
    nodes.insert(touched.key<Node>());
    if (claims(touched.old_row<Node>()) == claims(touched.new_row<Node>())) return;
    for (const auto* node : {touched.old_row<Node>(), touched.new_row<Node>()}) {
      if (!node) continue;
      for (const auto& cidr : node->pod_cidrs) judged_by_prefix(cidr, snapshot, nodes);
      for (const auto& ip : node->internal_ips) judged_by_address(ip, snapshot, nodes);
      for (const auto& ip : node->external_ips) judged_by_address(ip, snapshot, nodes);
    }
  }
  if (touched.is<model::Service>()) {
    const auto *before = touched.old_row<model::Service>(), *after = touched.new_row<model::Service>();
    if (before && after && before->cluster_ips == after->cluster_ips) return;
    for (const auto* service : {before, after})
      if (service)
        for (const auto& ip : service->cluster_ips) judged_by_address(ip, snapshot, nodes);
  }
}

}  // namespace plan
