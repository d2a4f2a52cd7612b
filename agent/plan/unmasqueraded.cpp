#include "plan/unmasqueraded.h"

#include <algorithm>
#include <optional>

#include "plan/node.h"
#include "plan/pod_cidrs.h"

namespace plan::unmasqueraded {
namespace {

using base::Cidr;
using model::Address;
using model::Node;
using model::desired::Unmasqueraded;

// What ip-masq-agent leaves alone where nothing is said: private, shared and reserved addresses (RFC 1918, 6598, 6890 and others).
constexpr const char* kUsual[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",  "100.64.0.0/10",  "192.0.0.0/24", "192.0.2.0/24",
                                  "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"};

constexpr uint8_t kIpv4Begins = 96;  // bits of ::ffff:0:0/96

// That prefix of IPv6 which has the first bits of all IPv4 addresses, and then another one.
Cidr beside_ipv4(uint8_t length) {
  Cidr beside{base::Ip::from_v4_be(0), length};
  const uint8_t last = length - 1;
  beside.address.bytes[last / 8] ^= static_cast<uint8_t>(0x80 >> last % 8);
  return base::canonical(beside);
}

bool holds_ipv4(const Cidr& prefix) {
  if (prefix.address.is_v4() || prefix.length > kIpv4Begins) return false;
  for (uint8_t length = 1; length <= prefix.length; ++length)
    if (beside_ipv4(length).contains(prefix.address)) return false;
  return true;
}

// The map has IPv4 addresses as ::ffff:a.b.c.d: an IPv6 prefix that holds those comes in the pieces beside them.
void add(std::vector<Unmasqueraded>& rows, const Cidr& prefix, const std::string& reason) {
  if (!holds_ipv4(prefix)) return rows.push_back({prefix, reason});
  for (uint8_t length = prefix.length + 1; length <= kIpv4Begins; ++length) rows.push_back({beside_ipv4(length), reason});
}

bool is_masqueraded(const model::Config& config, const Cidr& prefix) { return masquerades(config, prefix.address.family()); }

// By the settings, or always.
std::vector<Unmasqueraded> configured_rows(const model::Config& config) {
  std::vector<Unmasqueraded> rows;
  const auto& agent = config.ip_masq_agent;
  for (const char* text : {"224.0.0.0/4", "ff00::/8"}) add(rows, *base::parse_cidr(text), "multicast");
  if (!agent.enabled || !agent.masquerades_ipv4_local) add(rows, *base::parse_cidr("169.254.0.0/16"), "link-local");
  if (!agent.enabled || !agent.masquerades_ipv6_local) add(rows, *base::parse_cidr("fe80::/10"), "link-local");
  if (config.ipv4_native_routing_cidr) add(rows, *config.ipv4_native_routing_cidr, "ipv4NativeRoutingCIDR");
  if (config.ipv6_native_routing_cidr) add(rows, *config.ipv6_native_routing_cidr, "ipv6NativeRoutingCIDR");
  if (agent.enabled && agent.configured)
    for (const auto& prefix : agent.destinations.prefixes) add(rows, prefix, "ipMasqAgent.config");
  if (agent.enabled && !agent.configured)
    for (const char* text : kUsual) add(rows, *base::parse_cidr(text), "ipMasqAgent.enabled");
  std::erase_if(rows, [&](const auto& row) { return !is_masqueraded(config, row.prefix); });
  return rows;
}

// The row that makes the prefix's own needless, or is its own.
const Unmasqueraded* covering_row(const Cidr& prefix, const std::vector<Unmasqueraded>& rows) {
  const Unmasqueraded* widest = nullptr;
  for (const auto& row : rows) {
    const bool covers = row.prefix.length <= prefix.length && row.prefix.contains(prefix.address);
    if (covers && (!widest || row.prefix.length < widest->prefix.length)) widest = &row;
  }
  return widest;
}

std::optional<std::string> pods_of(const Cidr& prefix, const model::Snapshot& snapshot) {
  const auto own = own_pod_cidrs(snapshot);
  if (std::find(own.begin(), own.end(), prefix) != own.end()) return "pods of this node";
  std::optional<std::string> text;
  snapshot.nodes_of_pod_cidr.covering(prefix, [&](const Cidr& found, const auto& names) {
    if (found != prefix) return false;
    for (const auto& name : names) {
      const Node* node = snapshot.table<Node>().find(name);
      if (node && name != snapshot.identity.node_name && !pod_cidr_fault(*node, prefix, snapshot)) text = "pods of Node " + name;
    }
    return false;
  });
  return text;
}

// IPv6 link-local ones are never routed.
bool is_destination(const base::Ip& ip) {
  return !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback() && (ip.is_v4() || !ip.is_link_local());
}

std::optional<std::string> node_of(const Cidr& prefix, const model::Snapshot& snapshot) {
  std::optional<std::string> text;
  if (prefix.length != prefix.address.width() || !is_destination(prefix.address)) return text;
  snapshot.host_addresses.covering(prefix, [&](const Cidr&, const auto& keys) {
    for (const auto& key : keys)
      if (const auto* address = snapshot.table<Address>().find(key); address && is_foreign_link(address->link)) text = "this node";
    return false;
  });
  if (text) return text;
  snapshot.nodes_of_address.covering(prefix, [&](const Cidr&, const auto& names) {
    const std::string& first = *std::min_element(names.begin(), names.end());
    text = names.count(snapshot.identity.node_name) ? "this node" : "Node " + first;
    return false;
  });
  return text;
}

void insert_node(const Node* node, Keys& keys) {
  if (!node) return;
  for (const auto& cidr : node->pod_cidrs) keys.insert(base::to_string(cidr));
  for (const auto& ip : addresses_of(node)) keys.insert(base::to_string(base::host_cidr(ip)));
}

// Pod CIDRs of Nodes are believed only where no such address lies in them.
void insert_around(const base::Ip& ip, const model::Snapshot& snapshot, Keys& keys) {
  snapshot.nodes_of_pod_cidr.covering(base::host_cidr(ip), [&](const Cidr& prefix, const auto&) {
    keys.insert(base::to_string(prefix));
    return true;
  });
}

void insert_configured(const model::Config& config, Keys& keys) {
  for (const auto& row : configured_rows(config)) keys.insert(row.key());
}

void insert_all(const model::Snapshot& snapshot, Keys& keys) {
  insert_configured(snapshot.config(), keys);
  for (const auto& [name, node] : snapshot.table<Node>()) insert_node(node, keys);
  for (const auto& [key, address] : snapshot.table<Address>())
    if (is_foreign_link(address->link)) keys.insert(base::to_string(base::host_cidr(address->cidr.address)));
}

void keys_of_node(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  const Node *before = touched.old_row<Node>(), *after = touched.new_row<Node>();
  if (before && after && before->pod_cidrs == after->pod_cidrs && addresses_of(before) == addresses_of(after)) return;
  insert_node(before, keys);
  insert_node(after, keys);
  const bool own = touched.key<Node>() == snapshot.identity.node_name;
  if (!own || (before && after && before->pod_cidrs == after->pod_cidrs)) return;
  for (const auto& [name, node] : snapshot.table<Node>()) insert_node(node, keys);
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_knowledge(touched)) {
    insert_all(snapshot, keys);
    if (touched.is<model::Config>() && touched.old_row<model::Config>()) insert_configured(*touched.old_row<model::Config>(), keys);
    return;
  }
  if (touched.is<Node>()) keys_of_node(touched, snapshot, keys);
  if (touched.is<Address>())
    for (const auto* address : {touched.old_row<Address>(), touched.new_row<Address>()}) {
      if (!address) continue;
      if (is_foreign_link(address->link)) keys.insert(base::to_string(base::host_cidr(address->cidr.address)));
      insert_around(address->cidr.address, snapshot, keys);
    }
  if (touched.is<model::HostRoute>())
    for (const auto* route : {touched.old_row<model::HostRoute>(), touched.new_row<model::HostRoute>()})
      if (route && is_default(*route) && !route->gateway.is_unspecified()) insert_around(route->gateway, snapshot, keys);
  Keys nodes;
  judged_by(touched, snapshot, nodes);
  if (touched.is<Node>()) nodes.erase(touched.key<Node>());
  for (const auto& name : nodes) insert_node(snapshot.table<Node>().find(name), keys);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const auto prefix = base::parse_cidr(key);
  if (!prefix || !settled(snapshot) || !is_masqueraded(snapshot.config(), *prefix)) return planned;
  const auto rows = configured_rows(snapshot.config());
  if (const auto* row = covering_row(*prefix, rows)) {
    if (row->prefix == *prefix) planned.rows.push_back(*row);
    return planned;
  }
  auto reason = pods_of(*prefix, snapshot);
  if (!reason) reason = node_of(*prefix, snapshot);
  if (reason) planned.rows.push_back(Unmasqueraded{*prefix, std::move(*reason)});
  return planned;
}

}  // namespace plan::unmasqueraded
