#include "plan/masquerade.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/text.h"
#include "plan/node.h"

namespace plan::masquerade {
namespace {

using base::Family;
using model::Address;
using model::HostRoute;
using model::desired::MasqueradeSource;

constexpr uint8_t kGlobalScope = 0;  // RT_SCOPE_UNIVERSE
constexpr uint8_t kUnicast = 1;      // RTN_UNICAST
constexpr size_t kShown = 64;

// The one that the kernel asks first.
const HostRoute* default_route(const std::string& uplink, Family family, const model::Snapshot& snapshot) {
  const HostRoute* first = nullptr;
  for (const auto& [key, route] : snapshot.table<HostRoute>())
    if (is_default(*route) && route->type == kUnicast && route->link == uplink && route->destination.address.family() == family &&
        (!first || std::tie(route->metric, route->gateway) < std::tie(first->metric, first->gateway)))
      first = route;
  return first;
}

bool is_internal(const base::Ip& ip, const model::Node* node) {
  return node && std::find(node->internal_ips.begin(), node->internal_ips.end(), ip) != node->internal_ips.end();
}

bool is_loopback_link(const std::string& link, const model::Snapshot& snapshot) {
  const auto* row = snapshot.table<model::Link>().find(link);
  return row && row->loopback;
}

// Of another link than the uplink only what is surely meant for the world: a node's address may stand on lo, with none on its uplinks.
bool can_be_source(const Address& address, const std::string& uplink, Family family, const model::Snapshot& snapshot) {
  const base::Ip& ip = address.cidr.address;
  if (ip.family() != family || address.scope != kGlobalScope || address.unusable || ip.is_link_local() || ip.is_loopback()) return false;
  if (!is_foreign_link(address.link)) return false;
  return address.link == uplink || is_loopback_link(address.link, snapshot) || is_internal(ip, snapshot.own_node());
}

// fc00::/7 (RFC 4193): the kernel, too, takes another one for the world (RFC 6724, rule 6).
bool is_unique_local(const base::Ip& ip) { return !ip.is_v4() && (ip.bytes[0] & 0xfe) == 0xfc; }

// Less is better. After what the kernel looks at come the Node's InternalIPs, by which others know the node; the kernel takes the one
// that was added first, which nobody tells.
auto rank(const Address& address, const std::string& uplink, const HostRoute* route, const model::Snapshot& snapshot) {
  const base::Ip& ip = address.cidr.address;
  const bool of_gateway = route && !route->gateway.is_unspecified() && address.cidr.contains(route->gateway);
  return std::tuple(address.link != uplink, !is_loopback_link(address.link, snapshot), address.deprecated, is_unique_local(ip),
                    address.secondary, !of_gateway, !is_internal(ip, snapshot.own_node()), ip);
}

std::optional<base::Ip> source(const std::string& uplink, Family family, const HostRoute* route, const model::Snapshot& snapshot) {
  if (route && route->source.family() == family && !route->source.is_unspecified()) return route->source;
  const Address* best = nullptr;
  for (const auto& [key, address] : snapshot.table<Address>())
    if (can_be_source(*address, uplink, family, snapshot) &&
        (!best || rank(*address, uplink, route, snapshot) < rank(*best, uplink, route, snapshot)))
      best = address;
  return best ? std::optional(best->cidr.address) : std::nullopt;
}

bool has_pods(Family family, const model::Snapshot& snapshot) {
  const auto cidrs = own_pod_cidrs(snapshot);
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const auto& cidr) { return cidr.address.family() == family; });
}

// `for_pods`: they shall leave by it with the node's address.
void plan_uplink(const std::string& uplink, Family family, bool for_pods, const model::Snapshot& snapshot, model::Planned& planned) {
  const std::string name(base::family_name(family));
  const HostRoute* route = default_route(uplink, family, snapshot);
  const bool translates = snapshot.table<model::Link>().find(uplink)->has_ethernet_header();
  if (translates)
    if (auto ip = source(uplink, family, route, snapshot)) return planned.rows.push_back(MasqueradeSource{uplink, *ip, for_pods});
  if (!for_pods || !route || !has_pods(family, snapshot)) return;
  const std::string why = translates ? "it has no " + name + " address that they could leave with" : "it has no Ethernet header";
  const std::string remedy = translates ? "give it one, or set enable" + name + "Masquerade: false"
                                        : "route " + name + " by an Ethernet link, or set enable" + name + "Masquerade: false";
  planned.problems.push_back(
      {"link " + uplink, "what pods send to the world by " + name + " leaves here with the pods' own addresses: " + why, remedy});
}

// Entries of lists that say nothing here.
void report_settings(const std::vector<std::string>& names, const model::Snapshot& snapshot, model::Planned& planned) {
  const auto& config = snapshot.config();
  const auto& agent = config.ip_masq_agent;
  if (agent.enabled)
    for (const auto& text : agent.destinations.unreadable)
      planned.problems.push_back({"key ipMasqAgent.config.nonMasqueradeCIDRs",
                                  "\"" + base::printable(text, kShown) + "\" is not a prefix; it is left out",
                                  "write prefixes such as 192.168.0.0/16 or fd00::/8"});
  const auto& chosen = config.egress_masquerade_interfaces;
  if (chosen.empty() || names.empty()) return;
  size_t found = 0;
  for (const auto& pattern : chosen) {
    const bool matches = std::any_of(names.begin(), names.end(), [&](const auto& name) { return matches_devices(name, {pattern}); });
    found += matches;
    if (!matches) planned.notes.push_back("egressMasqueradeInterfaces: " + base::printable(pattern, kShown) + " is no uplink of this node");
  }
  if (found == 0)
    planned.problems.push_back(
        {"key egressMasqueradeInterfaces",
         "names no uplink of this node, so that its pods reach the world by none: uplinks are " + base::join(names, ", "),
         "name one of them, or leave the key out"});
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!settled(snapshot)) return planned;
  const auto& config = snapshot.config();
  const auto names = uplinks(snapshot);
  if (masquerades(config, Family::kIpv4) || masquerades(config, Family::kIpv6)) report_settings(names, snapshot, planned);
  for (const auto& uplink : names) {
    const auto& chosen = config.egress_masquerade_interfaces;
    const bool is_chosen = chosen.empty() || matches_devices(uplink, chosen);
    for (auto family : {Family::kIpv4, Family::kIpv6})
      plan_uplink(uplink, family, is_chosen && masquerades(config, family), snapshot, planned);
  }
  planned.wake_at = uplinks_change_at(snapshot);
  return planned;
}

}  // namespace plan::masquerade
