#include "plan/direct_delivery.h"

#include <algorithm>
#include <set>

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

bool covers(const model::ForwardChain& chain, base::Family family) {
  return chain.family == "inet" || (chain.family == "ip6") == (family == base::Family::kIpv6);
}

// Conntrack would see only those packets of a connection that take the stack, and a rule might then refuse them; and who wrote rules
// for forwarded packets means those to and from pods too.
void honour_firewalls(const model::Snapshot& snapshot, std::map<Way, std::string>& by_stack) {
  for (const auto& [key, chain] : snapshot.table<model::ForwardChain>()) {
    if (!chain->is_in_the_way()) continue;
    for (auto from : {Way::From::kUplinks, Way::From::kPods})
      for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
        if (covers(*chain, family))
          by_stack.try_emplace({from, family}, std::string(chain->legacy ? "ip_tables' chain " : "nftables' chain ") + chain->family + " " +
                                                   chain->table + " " + chain->name + " judges forwarded packets");
  }
}

void honour_reverse_path_filters(const model::Snapshot& snapshot, std::map<Way, std::string>& by_stack) {
  for (const auto& name : uplinks(snapshot))
    if (snapshot.table<model::Link>().find(name)->rp_filter == kStrict)
      by_stack.try_emplace({Way::From::kUplinks, base::Family::kIpv4}, "rp_filter of " + name + " is strict");
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  bool outside = touched.is<model::Allocation>() && (has_addresses_outside(touched.old_row<model::Allocation>(), own_pod_cidrs(snapshot)) ||
                                                     has_addresses_outside(touched.new_row<model::Allocation>(), own_pod_cidrs(snapshot)));
  if (outside || touched.is<model::ForwardChain>() || changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!settled(snapshot)) return planned;
  std::map<Way, std::string> by_stack;
  honour_firewalls(snapshot, by_stack);
  honour_reverse_path_filters(snapshot, by_stack);
  for (const auto& [way, reason] : by_stack)
    planned.notes.push_back(way_name(way) + " for pods takes the node's stack, which is slower: " + reason);

  const auto cidrs = first_of_each_family(own_pod_cidrs(snapshot));
  std::set<base::Ip> own;
  for (const auto& [key, address] : snapshot.table<model::Address>()) own.insert(address->cidr.address);
  for (const auto& [key, allocation] : snapshot.table<model::Allocation>())
    for (const auto& address : allocation->addresses)
      if (!is_within(address, cidrs)) own.insert(address);
  planned.wake_at = uplinks_change_at(snapshot);
  planned.rows.push_back(model::desired::direct_delivery(std::move(by_stack), cidrs, {own.begin(), own.end()}));
  return planned;
}

}  // namespace plan::direct_delivery
