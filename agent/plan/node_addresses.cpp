#include "plan/node_addresses.h"

#include <algorithm>
#include <set>

#include "plan/node.h"

namespace plan::node_addresses {
namespace {

using model::desired::NodeAddress;

constexpr uint8_t kGlobalScope = 0;  // RT_SCOPE_UNIVERSE

// A family of which no prefix is named has all its addresses, as with kube-proxy's --nodeport-addresses.
bool is_chosen(const base::Ip& ip, const std::vector<base::Cidr>& prefixes) {
  bool named = false;
  for (const auto& prefix : prefixes) {
    if (prefix.contains(ip)) return true;
    named |= prefix.address.family() == ip.family();
  }
  return !named;
}

// Of IPv4 alone the loopback address answers: that is kube-proxy's.
bool is_node_local(const base::Ip& ip) { return ip.is_v4() && ip.is_loopback(); }

bool can_be_called(const base::Ip& ip) {
  return !ip.is_unspecified() && !ip.is_multicast() && !ip.is_link_local() && (!ip.is_loopback() || is_node_local(ip));
}

bool is_on_own_link(const base::Ip& ip, const model::Snapshot& snapshot) {
  bool found = false;
  snapshot.host_addresses.covering(base::host_cidr(ip), [&](const base::Cidr&, const auto& keys) {
    for (const auto& key : keys) {
      const auto* address = snapshot.table<model::Address>().find(key);
      found |= address && is_foreign_link(address->link) && (address->scope == kGlobalScope || is_node_local(ip));
    }
    return !found;
  });
  return found;
}

// Nodes that have it in their status: whether the own one is among them, whether another is.
struct Listed {
  bool own = false, peer = false;
};
Listed listed(const base::Ip& ip, const model::Snapshot& snapshot) {
  Listed listed;
  snapshot.nodes_of_address.covering(base::host_cidr(ip), [&](const base::Cidr&, const auto& names) {
    for (const auto& name : names) (name == snapshot.identity.node_name ? listed.own : listed.peer) = true;
    return true;
  });
  return listed;
}

void insert_all(const model::Snapshot& snapshot, Keys& keys) {
  for (const auto& [key, address] : snapshot.table<model::Address>()) keys.insert(base::to_string(address->cidr.address));
  for (const auto& [name, node] : snapshot.table<model::Node>())
    for (const auto& ip : addresses_of(node)) keys.insert(base::to_string(ip));
}

}  // namespace

std::vector<base::Ip> own_addresses(const model::Snapshot& snapshot) {
  std::set<base::Ip> addresses;
  for (const auto& [key, address] : snapshot.table<model::Address>())
    if (can_be_called(address->cidr.address) && is_on_own_link(address->cidr.address, snapshot)) addresses.insert(address->cidr.address);
  return {addresses.begin(), addresses.end()};
}

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_knowledge(touched)) insert_all(snapshot, keys);
  if (touched.is<model::Address>())
    for (const auto* address : {touched.old_row<model::Address>(), touched.new_row<model::Address>()})
      if (address && is_foreign_link(address->link)) keys.insert(base::to_string(address->cidr.address));
  if (!touched.is<model::Node>()) return;
  const auto before = addresses_of(touched.old_row<model::Node>()), after = addresses_of(touched.new_row<model::Node>());
  if (before == after) return;
  for (const auto* addresses : {&before, &after})
    for (const auto& ip : *addresses) keys.insert(base::to_string(ip));
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const auto ip = base::parse_ip(key);
  if (!ip || !settled(snapshot) || !can_be_called(*ip) || !is_chosen(*ip, snapshot.config().node_port_addresses)) return planned;
  const Listed by_nodes = listed(*ip, snapshot);
  const bool own = by_nodes.own || is_on_own_link(*ip, snapshot);
  if (is_node_local(*ip) ? !own : !own && !by_nodes.peer) return planned;
  planned.rows.push_back(NodeAddress{.address = *ip, .peer = !own, .host_only = is_node_local(*ip)});
  return planned;
}

}  // namespace plan::node_addresses
