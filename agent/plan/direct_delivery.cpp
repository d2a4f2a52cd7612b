#include "plan/direct_delivery.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "plan/node.h"

namespace plan::direct_delivery {
namespace {

using model::desired::Way;

constexpr uint8_t kStrict = 1;

bool is_within(const base::Ip& address, const std::vector<base::Cidr>& cidrs) {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const base::Cidr& cidr) { return cidr.contains(address); });
}

bool has_addresses_outside(const model::Allocation* allocation, const std::vector<base::Cidr>& cidrs) {
  return allocation && !std::all_of(allocation->addresses.begin(), allocation->addresses.end(),
                                    [&](const base::Ip& address) { return is_within(address, cidrs); });
}

// The image has room for one prefix of each family.
std::vector<base::Cidr> first_of_each_family(const std::vector<base::Cidr>& cidrs) {
  std::vector<base::Cidr> first;
  for (const auto& cidr : cidrs)
    if (std::none_of(first.begin(), first.end(), [&](const auto& other) { return other.address.family() == cidr.address.family(); }))
      first.push_back(cidr);
  return first;
}

// Prefixes that the programs know pods by; other pods are among the own addresses.
std::vector<base::Cidr> known_pod_cidrs(const model::Snapshot& snapshot) { return first_of_each_family(own_pod_cidrs(snapshot)); }

bool covers(const model::ForwardChain& chain, base::Family family) {
  return chain.family == "inet" || (chain.family == "ip6") == (family == base::Family::kIpv6);
}

// Conntrack would see only those packets of a connection that take the stack, and a rule might then refuse them; and who wrote rules
// for forwarded packets means those to and from pods too. Chains that cannot be read may be there.
void honour_firewalls(const model::Snapshot& snapshot, std::map<Way, std::string>& by_stack, model::Planned& planned) {
  for (const auto& [key, chain] : snapshot.table<model::ForwardChain>()) {
    if (!chain->is_in_the_way()) continue;
    std::string reason = std::string(chain->legacy ? "ip_tables' chain " : "nftables' chain ") + chain->family + " " + chain->table + " " +
                         chain->name + " judges forwarded packets";
    if (!chain->error.empty()) {
      reason = "chains on the kernel's forward hook cannot be read";
      planned.problems.push_back(
          {"network", reason + ": " + chain->error, "see that the agent has CAP_NET_ADMIN in the node's network namespace"});
    }
    for (auto from : {Way::From::kUplinks, Way::From::kPods})
      for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
        if (covers(*chain, family)) by_stack.try_emplace({from, family}, reason);
  }
}

void honour_reverse_path_filters(const model::Snapshot& snapshot, std::map<Way, std::string>& by_stack) {
  for (const auto& name : uplinks(snapshot)) {
    const auto* link = snapshot.table<model::Link>().find(name);
    if (link->rp_filter == kStrict && link->has_ethernet_header())  // another takes the stack anyhow
      by_stack.try_emplace({Way::From::kUplinks, base::Family::kIpv4}, "rp_filter of " + name + " is strict");
  }
}

// Its connections were opened before ichor came, or before ichor knew their Services. Rules that cannot be read may be there.
bool honour_kube_proxy(const model::Snapshot& snapshot, model::Planned& planned) {
  std::vector<std::string> rules;
  for (const auto& [key, row] : snapshot.table<model::KubeProxyRules>()) rules.push_back(key);
  std::sort(rules.begin(), rules.end());
  if (!rules.empty())
    planned.problems.push_back(
        {"kube-proxy",
         "its rules are in the kernel (" + base::join(rules, ", ") +
             "): what they translate stays theirs until it ends, what begins is ichor's",
         "take kube-proxy out of the cluster; when its connections may end, run kube-proxy --cleanup on the node, or "
         "restart the node"});
  return !rules.empty() || snapshot.table<model::ForwardChain>().find("unreadable");
}

// The programs refuse link-local IPv6 sources whosever they are.
bool is_worth_knowing(const model::Address& address) {
  return is_foreign_link(address.link) && (address.cidr.address.is_v4() || !address.cidr.address.is_link_local());
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<model::ForwardChain>() || touched.is<model::KubeProxyRules>() || changes_node(touched, snapshot)) keys.insert(kNodeKey);
  if (!touched.is<model::Allocation>()) return;
  const auto cidrs = known_pod_cidrs(snapshot);
  if (has_addresses_outside(touched.old_row<model::Allocation>(), cidrs) ||
      has_addresses_outside(touched.new_row<model::Allocation>(), cidrs))
    keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!settled(snapshot)) return planned;
  std::map<Way, std::string> by_stack;
  honour_firewalls(snapshot, by_stack, planned);
  honour_reverse_path_filters(snapshot, by_stack);
  const bool kernel_translates = honour_kube_proxy(snapshot, planned);
  for (const auto& [way, reason] : by_stack)
    planned.notes.push_back(way_name(way) + " for pods takes the node's stack, which is slower: " + reason);

  const auto cidrs = known_pod_cidrs(snapshot);
  std::set<base::Ip> own;
  for (const auto& [key, address] : snapshot.table<model::Address>())
    if (is_worth_knowing(*address)) own.insert(address->cidr.address);
  bool pods_elsewhere = false;
  for (const auto& [key, allocation] : snapshot.table<model::Allocation>()) {
    for (const auto& address : allocation->addresses) {
      if (is_within(address, cidrs)) continue;
      own.insert(address);
      pods_elsewhere = true;
    }
  }
  planned.wake_at = uplinks_change_at(snapshot);
  planned.rows.push_back(
      model::desired::direct_delivery(std::move(by_stack), cidrs, {own.begin(), own.end()}, pods_elsewhere, kernel_translates));
  return planned;
}

}  // namespace plan::direct_delivery
