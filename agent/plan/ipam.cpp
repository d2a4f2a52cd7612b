#include "plan/ipam.h"

#include <algorithm>

#include "base/text.h"
#include "plan/node.h"

namespace plan::ipam {
namespace {

using model::Allocation;
using model::Sandbox;

// Beyond that many addresses of a prefix none is tried: 65,536 pods do not fit on a node.
constexpr uint64_t kSearched = 1 << 16;

bool is_node_address(const model::Snapshot& snapshot, const base::Ip& ip) {
  const model::Node* node = snapshot.own_node();
  return node && std::find(node->internal_ips.begin(), node->internal_ips.end(), ip) != node->internal_ips.end();
}

// What others still know of a pod that has gone, its address may stand for: connections, neighbours, caches of names. So an address that is
// given back rests, and is given out again before its time only when no other is free.
constexpr base::Millis kRest{30'000};

// Since when the address rests; nullopt: it is held.
std::optional<base::BootTime> resting_since(const std::string& owner, const model::Snapshot& snapshot) {
  const Allocation* allocation = snapshot.table<Allocation>().find(owner);
  return allocation ? allocation->freed : std::nullopt;
}

// One that is free, else the one that has rested longest. The search begins at a place given by the sandbox's name.
std::optional<base::Ip> choose_address(const base::Cidr& cidr, const Sandbox& sandbox, const model::Snapshot& snapshot) {
  uint64_t count = std::min(base::address_count(cidr), kSearched);
  if (count < 3) return std::nullopt;
  uint64_t usable = count - 2;  // neither the network's own nor the broadcast address
  uint64_t start = base::stable_hash(sandbox.key()) % usable;
  struct Resting {
    base::Ip address;
    base::BootTime since;
  };
  std::optional<Resting> longest;
  for (uint64_t i = 0; i < usable; ++i) {
    base::Ip ip = *base::nth_address(cidr, 1 + (start + i) % usable);
    if (is_node_address(snapshot, ip)) continue;
    const std::string* owner = snapshot.address_owner.find(ip);
    if (!owner) return ip;
    const auto since = resting_since(*owner, snapshot);
    if (since && (!longest || *since < longest->since)) longest = Resting{ip, *since};
  }
  if (longest) return longest->address;
  return std::nullopt;
}

// Addresses from the record on disk or of an agent's own sandbox: taken as they are, unless another one holds them.
void keep(const Sandbox& sandbox, const model::Snapshot& snapshot, model::Planned& planned) {
  Allocation allocation;
  for (const auto& ip : sandbox.addresses) {
    const std::string* owner = snapshot.address_owner.find(ip);
    if (owner && *owner != sandbox.key() && !resting_since(*owner, snapshot))
      planned.problems.push_back({"Sandbox " + sandbox.key(), "its address " + base::to_string(ip) + " is held by sandbox " + *owner,
                                  "delete one of the two pods"});
    else
      allocation.addresses.push_back(ip);
  }
  planned.derived.push_back(model::put(sandbox.key(), std::move(allocation)));
}

bool is_owner(const std::string& key, const base::Ip& ip, const model::Snapshot& snapshot) {
  const std::string* owner = snapshot.address_owner.find(ip);
  return owner && *owner == key;
}

// As long as they rest, and as far as nobody was in need of them.
void rest(const std::string& key, const Allocation& allocation, const model::Snapshot& snapshot, model::Planned& planned) {
  Allocation resting{{}, allocation.freed.value_or(snapshot.now)};
  for (const auto& ip : allocation.addresses)
    if (is_owner(key, ip, snapshot)) resting.addresses.push_back(ip);
  if (resting.addresses.empty() || snapshot.now - *resting.freed >= kRest) return;
  planned.wake_at = *resting.freed + kRest;
  planned.derived.push_back(model::put(key, std::move(resting)));
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Sandbox>()) keys.insert(touched.key<Sandbox>());
  if (!changes_node(touched, snapshot)) return;  // the pod CIDRs
  for (const auto& [key, sandbox] : snapshot.table<Sandbox>())
    if (!snapshot.table<Allocation>().find(key)) keys.insert(key);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const Sandbox* sandbox = snapshot.table<Sandbox>().find(key);
  const Allocation* held = snapshot.table<Allocation>().find(key);
  if (!sandbox) {
    if (held) rest(key, *held, snapshot, planned);
    return planned;
  }
  // Also those that rest since the same sandbox went.
  auto is_own = [&](const base::Ip& ip) { return is_owner(key, ip, snapshot); };
  if (held && std::all_of(held->addresses.begin(), held->addresses.end(), is_own)) {
    planned.derived.push_back(model::put(key, Allocation{held->addresses, std::nullopt}));
    return planned;
  }
  if (!sandbox->addresses.empty() || sandbox->recovered) {
    keep(*sandbox, snapshot, planned);
    return planned;
  }
  auto cidrs = own_pod_cidrs(snapshot);
  const std::string subject = "Sandbox " + key;
  if (cidrs.empty()) {
    planned.problems.push_back({subject, "node " + snapshot.identity.node_name + " has no pod CIDR", "write spec.podCIDRs into the Node"});
    return planned;
  }
  Allocation allocation;
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6}) {
    std::optional<base::Ip> ip;
    bool wanted = false;
    for (const auto& cidr : cidrs) {
      if (cidr.address.family() != family || ip) continue;
      wanted = true;
      ip = choose_address(cidr, *sandbox, snapshot);
    }
    if (wanted && !ip) {
      planned.problems.push_back(
          {subject, std::string("no free ") + (family == base::Family::kIpv4 ? "IPv4" : "IPv6") + " address in the node's pod CIDRs",
           "give the node a larger pod CIDR"});
      return planned;
    }
    if (ip) allocation.addresses.push_back(*ip);
  }
  planned.derived.push_back(model::put(key, std::move(allocation)));
  return planned;
}

}  // namespace plan::ipam
