#include "plan/programs.h"

#include <algorithm>

#include "plan/node.h"

namespace plan::programs {
namespace {

using namespace model::desired;

// One entry per so many bytes of the node's memory, within bounds: a board of 1 GiB spends 2 MiB on all of them together.
uint32_t entries(uint64_t memory_bytes, uint64_t bytes_per_entry, uint64_t least, uint64_t most) {
  return static_cast<uint32_t>(std::clamp(memory_bytes / bytes_per_entry, least, most));
}

DatapathObject sized_object(const model::Identity& identity) {
  uint64_t memory = identity.memory_bytes;
  DatapathObject object;
  object.generation = identity.program_generation;
  object.services = entries(memory, 64 << 10, 16 << 10, 256 << 10);
  object.slots = entries(memory, 16 << 10, 128 << 10, 4 << 20);
  object.backends = entries(memory, 64 << 10, 32 << 10, 256 << 10);
  object.pods = entries(memory, 1 << 20, 1 << 10, 4 << 10);
  return object;
}

void report_missing_kind(const model::Snapshot& snapshot, model::Planned& planned) {
  const auto wanted = snapshot.config().pod_links;
  if (wanted == new_pod_links(snapshot)) return;
  planned.problems.push_back(
      {"key bpf.datapathMode",
       std::string(link_kind_name(wanted)) + " is asked for, but " + snapshot.identity.netkit_missing + ": new pods get veth links",
       "boot a kernel with CONFIG_NETKIT (Talos has it), or set bpf.datapathMode to veth"});
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!configured(snapshot)) return planned;
  report_missing_kind(snapshot, planned);
  const std::string& generation = snapshot.identity.program_generation;
  planned.rows.push_back(sized_object(snapshot.identity));
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
