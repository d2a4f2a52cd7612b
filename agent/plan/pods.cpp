#include "plan/pods.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "plan/node.h"

namespace plan::pods {
namespace {

using namespace model::desired;
using model::Sandbox;

std::string hex(uint64_t value, int digits) {
  char text[17];
  std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

// A new ADD makes a new link even for a known container: the old one may still be on its way out.
uint64_t link_hash(const Sandbox& sandbox) { return base::stable_hash(sandbox.key() + "#" + std::to_string(sandbox.identity.incarnation)); }

// Locally administered and unicast (IEEE 802 section 8.2); `side` tells the two ends apart.
base::Mac mac(uint64_t hash, uint8_t side) {
  base::Mac mac;
  mac.bytes[0] = 0x02;
  for (size_t i = 1; i < 6; ++i) mac.bytes[i] = static_cast<uint8_t>(hash >> (8 * i));
  mac.bytes[5] = static_cast<uint8_t>((mac.bytes[5] & 0xfe) | side);
  return mac;
}

PodLink link_of(const Sandbox& sandbox, const model::Allocation& allocation, const model::Snapshot& snapshot) {
  uint64_t hash = link_hash(sandbox);
  PodLink link;
  link.name = kPodLinkPrefix + hex(hash >> 16, 12);
  link.sandbox = sandbox.key();
  link.ifname = sandbox.identity.ifname;
  link.kind = sandbox.link_kind.value_or(new_pod_links(snapshot));
  if (model::has_link_addresses(link.kind)) {
    link.host_mac = mac(hash, 0);
    link.pod_mac = mac(hash, 1);
  }
  link.mtu = pod_mtu(snapshot);
  link.addresses = allocation.addresses;
  link.netns = sandbox.netns;
  return link;
}

// Peers send to addresses of the node's pod CIDRs only; those of its own pods are delivered here whatever they are.
void report_old_addresses(const Sandbox& sandbox, const model::Allocation& allocation, const model::Snapshot& snapshot,
                          model::Planned& planned) {
  const model::Node* node = snapshot.own_node();
  if (sandbox.transient || !node || node->pod_cidrs.empty()) return;
  for (const auto& address : allocation.addresses) {
    const auto& cidrs = node->pod_cidrs;
    if (std::any_of(cidrs.begin(), cidrs.end(), [&](const base::Cidr& cidr) { return cidr.contains(address); })) continue;
    std::string present = base::join(base::to_strings(cidrs), ", ");
    planned.problems.push_back({"Pod " + sandbox.identity.pod(),
                                "keeps its address " + base::to_string(address) + ", which is outside of the pod CIDRs of its node, now " +
                                    present + ": this node still delivers to it, peers do not send it here any more",
                                "delete the pod, so that it is made again with an address of " + present});
  }
}

void report_old_link(const Sandbox& sandbox, const PodLink& link, const model::Snapshot& snapshot, model::Planned& planned) {
  const model::LinkKind now = new_pod_links(snapshot);
  if (link.kind == now) return;
  planned.notes.push_back("Pod " + sandbox.identity.pod() + " keeps the " + std::string(link_kind_name(link.kind)) +
                          " link that it was made with until it is made anew; new pods get " + std::string(link_kind_name(now)));
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Sandbox>()) keys.insert(touched.key<Sandbox>());
  if (touched.is<model::Allocation>()) keys.insert(touched.key<model::Allocation>());
  if (!changes_node(touched, snapshot)) return;  // the MTU, mostly
  for (const auto& [key, sandbox] : snapshot.table<Sandbox>()) keys.insert(key);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const Sandbox* sandbox = snapshot.table<Sandbox>().find(key);
  const auto* allocation = snapshot.table<model::Allocation>().find(key);
  if (!sandbox || !allocation || !configured(snapshot)) return planned;

  report_old_addresses(*sandbox, *allocation, snapshot, planned);
  PodLink link = link_of(*sandbox, *allocation, snapshot);
  report_old_link(*sandbox, link, snapshot, planned);
  if (!sandbox->transient) planned.rows.push_back(SandboxRecord{sandbox->identity, allocation->addresses, sandbox->complete, link.kind});
  planned.rows.push_back(link);
  for (auto side : {FilterSide::kFromPod, FilterSide::kToPod})
    planned.rows.push_back(Filter{link.name, side, snapshot.identity.program_generation});
  for (const auto& address : allocation->addresses) {
    planned.rows.push_back(PodEntry{address, link.name, link.host_mac, link.pod_mac});
    if (model::has_link_addresses(link.kind)) planned.rows.push_back(Neighbor{link.name, address, link.pod_mac});
    planned.rows.push_back(Route{base::host_cidr(address), base::Ip{}, link.name, base::Ip{}});
  }
  return planned;
}

}  // namespace plan::pods
