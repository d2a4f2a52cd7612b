#include "plan/pods.h"

#include <algorithm>

#include "base/text.h"
#include "model/host/pod_link.h"
#include "plan/node.h"

namespace plan::pods {
namespace {

using namespace model::desired;
using model::Sandbox;

std::string subject_of(const Sandbox& sandbox) { return sandbox.recovered ? "Sandbox " + sandbox.key() : "Pod " + sandbox.identity.pod(); }

PodLink link_of(const Sandbox& sandbox, const model::Allocation& allocation, const model::Snapshot& snapshot) {
  PodLink link;
  link.name = sandbox.recovered ? sandbox.recovered->link : model::pod_link_name(sandbox.identity);
  if (!sandbox.identity.ifname.empty()) link.alias = model::pod_link_alias(sandbox);
  link.ifname = sandbox.identity.ifname;
  link.kind = sandbox.link_kind.value_or(new_pod_links(snapshot));
  if (model::has_link_addresses(link.kind)) {
    link.host_mac = sandbox.recovered ? sandbox.recovered->host_mac : model::pod_link_mac(sandbox.identity, model::LinkEnd::kNode);
    link.pod_mac = model::pod_end_mac(link.host_mac);
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
    planned.problems.push_back({subject_of(sandbox),
                                "keeps its address " + base::to_string(address) + ", which is outside of the pod CIDRs of its node, now " +
                                    present + ": this node still delivers to it, peers do not send it here any more",
                                "delete the pod, so that it is made again with an address of " + present});
  }
}

void report_old_link(const Sandbox& sandbox, const PodLink& link, const model::Snapshot& snapshot, model::Planned& planned) {
  const model::LinkKind now = new_pod_links(snapshot);
  if (link.kind == now) return;
  planned.notes.push_back(subject_of(sandbox) + " keeps the " + std::string(link_kind_name(link.kind)) +
                          " link that it was made with until it is made anew; new pods get " + std::string(link_kind_name(now)));
}

void report_recovered(const Sandbox& sandbox, const model::Allocation& allocation, model::Planned& planned) {
  const std::string link = sandbox.recovered->link.empty() ? "no link" : "link " + sandbox.recovered->link;
  planned.problems.push_back({subject_of(sandbox),
                              sandbox.recovered->reason + "; kept until its DEL is what the kernel shows: " + link + ", addresses " +
                                  base::join(base::to_strings(allocation.addresses), ", "),
                              "a pod that is made anew has a record; until then nothing has to be done"});
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
  const auto& recovered = sandbox->recovered;
  if (recovered) report_recovered(*sandbox, *allocation, planned);
  if (!sandbox->transient && (!recovered || recovered->has_record_file))
    planned.rows.push_back(SandboxRecord{sandbox->identity, allocation->addresses, sandbox->complete, link.kind, !recovered});
  if (link.name.empty()) return planned;
  report_old_link(*sandbox, link, snapshot, planned);
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
