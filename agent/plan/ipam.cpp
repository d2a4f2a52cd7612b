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

// The search begins at a place given by the sandbox's name, so that an address given back is not the next one to be given out.
std::optional<base::Ip> free_address(const base::Cidr& cidr, const Sandbox& sandbox, const model::Snapshot& snapshot) {
  uint64_t count = std::min(base::address_count(cidr), kSearched);
  if (count < 3) return std::nullopt;
  uint64_t usable = count - 2;  // neither the network's own nor the broadcast address
  uint64_t start = base::stable_hash(sandbox.key()) % usable;
  for (uint64_t i = 0; i < usable; ++i) {
    base::Ip ip = *base::nth_address(cidr, 1 + (start + i) % usable);
    if (!snapshot.address_owner.find(ip) && !is_node_address(snapshot, ip)) return ip;
  }
  return std::nullopt;
}

// Addresses from the record on disk or of an agent's own sandbox: taken as they are, unless another one holds them.
void keep(const Sandbox& sandbox, const model::Snapshot& snapshot, model::Planned& planned) {
  Allocation allocation;
  for (const auto& ip : sandbox.addresses) {
    const std::string* owner = snapshot.address_owner.find(ip);
    if (owner && *owner != sandbox.key())
      planned.problems.push_back({"Sandbox " + sandbox.key(), "its address " + base::to_string(ip) + " is held by sandbox " + *owner,
                                  "delete one of the two pods"});
    else
      allocation.addresses.push_back(ip);
  }
  planned.derived.push_back(model::put(sandbox.key(), std::move(allocation)));
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
  if (!sandbox) return planned;
  if (const Allocation* held = snapshot.table<Allocation>().find(key)) {
    planned.derived.push_back(model::put(key, *held));
    return planned;
  }
  if (!sandbox->addresses.empty()) {
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
      ip = free_address(cidr, *sandbox, snapshot);
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
