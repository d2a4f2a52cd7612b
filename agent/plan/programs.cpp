#include "plan/programs.h"

#include "plan/map_sizes.h"
#include "plan/nat_ports.h"
#include "plan/node.h"

namespace plan::programs {
namespace {

using namespace model::desired;

void report_missing_kind(const model::Snapshot& snapshot, model::Planned& planned) {
  const auto wanted = snapshot.config().pod_links;
  if (wanted == new_pod_links(snapshot)) return;
  planned.problems.push_back(
      {"key bpf.datapathMode",
       std::string(link_kind_name(wanted)) + " is asked for, but " + snapshot.identity.netkit_missing + ": new pods get veth links",
       "boot a kernel with CONFIG_NETKIT (Talos has it), or set bpf.datapathMode to veth"});
}

void note_shared_ports(const model::Snapshot& snapshot, model::Planned& planned) {
  const auto& local = snapshot.identity.local_ports;
  if (!nat_ports(snapshot).shared) return;
  planned.notes.push_back("translated sources share their ports with this node's own sockets, since ip_local_port_range is " +
                          std::to_string(local.first) + " to " + std::to_string(local.last) +
                          ": narrow it, and connections from the node never wait for a port that a pod's has");
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!configured(snapshot)) return planned;
  report_missing_kind(snapshot, planned);
  note_shared_ports(snapshot, planned);
  const std::string generation = program_generation(snapshot);
  planned.rows.push_back(DatapathObject{generation, datapath_config_of(snapshot), map_sizes::sizes(snapshot)});
  auto attach_all = [&](HookTarget kind, const std::string& target) {
    for (const auto& facts : kHooks)
      if (facts.target == kind) planned.rows.push_back(Attachment{facts.hook, target, generation});
  };
  attach_all(HookTarget::kCgroup, snapshot.config().cgroup_root);
  if (!settled(snapshot)) return planned;
  const auto names = uplinks(snapshot);
  if (names.empty())
    planned.problems.push_back({"network", "no link leads out of this node: none has a default route or an address of the Node",
                                "this node's pods reach each other; give it a network, or name its links with devices"});
  for (const auto& uplink : names) {
    if (snapshot.table<model::Link>().find(uplink)->has_ethernet_header())
      attach_all(HookTarget::kUplink, uplink);
    else
      planned.notes.push_back("uplink " + uplink + " has no Ethernet header: what arrives there for pods takes the node's stack");
  }
  planned.wake_at = uplinks_change_at(snapshot);
  return planned;
}

}  // namespace plan::programs
