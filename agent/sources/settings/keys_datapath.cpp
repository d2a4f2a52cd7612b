// Rows of the table of keys: the BPF programs and maps, and what they stand on.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;
using model::Config;

namespace {

// The table has 4 * kMostFlows entries at the most, which take 2.1 GiB.
constexpr int64_t kLeastFlows = 1 << 10, kMostFlows = 4 << 20;

void choose_pod_links(Config& config, const Accepted& accepted) {
  config.pod_links = model::link_kind_of(std::get<std::string>(accepted)).value_or(model::LinkKind::kVeth);  // auto
}

}  // namespace

std::span<const Key> datapath_keys() {
  static constexpr Key kKeys[] = {
      {"bpf.datapathMode", kImplemented, one_of("veth|netkit|auto"),
       "new pods' links: veth, which auto means too, or netkit (its mode L3; netkit-l2 is not there), where the kernel has it",
       choose_pod_links},
      {"bpf.masquerade", kImplemented, boolean(), "masquerading is always done by BPF, whatever this says"},
      {"bpf.vlanBypass", kPlanned, names(), "VLAN ids that pass untouched"},
      {"bpf.lbExternalClusterIP", kImplemented, boolean(), "ClusterIPs answer from outside; by default they refuse",
       assign<&Config::cluster_ips_from_outside>},
      {"bpf.lbSourceRangeAllTypes", kPlanned, boolean(), "loadBalancerSourceRanges hold for NodePorts and ClusterIPs too"},
      {"bpf.lbModeAnnotation", kPlanned, boolean(), "loadBalancer.mode for each Service, by annotation"},
      {"bpf.lbAlgorithmAnnotation", kPlanned, boolean(), "loadBalancer.algorithm for each Service, by annotation"},
      {"bpf.disableExternalIPMitigation", kPlanned, boolean(), "externalIPs are reachable from pods"},
      {"bpf.monitorAggregation", kPlanned, one_of("none|low|medium|maximum"), "how many packets make one flow event"},
      {"bpf.monitorInterval", kPlanned, duration(), "how often a long flow is reported"},
      {"bpf.monitorFlags", kPlanned, text(), "TCP flags that are reported when first seen"},
      {"bpf.monitorTraceIPOption", kWithoutMeaning, integer(0, 255), "packets carry no option of ichor's"},
      {"bpf.events.*", kPlanned, anything(), "which events are reported, and how many"},
      {"bpf.hostLegacyRouting", kWithoutMeaning, boolean(),
       "the node's routing rules and nftables always count; Talos' host DNS works from pods"},
      {"bpf.tproxy", kRefused, one_of("false"), "ichor has no L7 proxy"},
      {"bpf.enableTCX", kWithoutMeaning, boolean(), "uplinks always use tcx"},
      {"bpf.root", kWithoutMeaning, path(), "pins lie where the agent's option --bpf-root says"},
      {"bpf.autoMount.enabled", kWithoutMeaning, boolean(), "Talos mounts the BPF file system"},
      {"bpf.preallocateMaps", kWithoutMeaning, boolean(), "map sizes follow the node's memory"},
      {"bpf.mapDynamicSizeRatio", kImplemented, fraction(), "maps follow the node's memory, 0.005 twice as large as by default",
       assign<&Config::map_ratio>},
      {"bpf.authMapMax", kWithoutMeaning, integer(0, 1LL << 32), "map sizes follow the node's memory"},
      {"bpf.ctTcpMax", kImplemented, zero_or(kLeastFlows, kMostFlows),
       "room for so many TCP connections between pods, Services and the world; with bpf.ctAnyMax and bpf.natMax the size of one table, "
       "`flows`: two entries for each connection of both, or as many as bpf.natMax if that is more; by default, and with all three 0, by "
       "the node's memory",
       assign<&Config::ct_tcp_max>},
      {"bpf.ctAnyMax", kImplemented, zero_or(kLeastFlows, kMostFlows), "likewise, of UDP and all other protocols",
       assign<&Config::ct_any_max>},
      {"bpf.lbMapMax", kImplemented, integer(0, 4 << 20),
       "room for so many services, backends and clients with affinity, and four times as many frontends and slots; by default, and with 0, "
       "by the node's memory",
       assign<&Config::lb_map_max>},
      {"bpf.natMax", kImplemented, zero_or(kLeastFlows, 4 * kMostFlows), "entries, two for each translated connection: see bpf.ctTcpMax",
       assign<&Config::nat_max>},
      {"bpf.neighMax", kWithoutMeaning, integer(0, 1LL << 32), "map sizes follow the node's memory"},
      {"bpf.nodeMapMax", kWithoutMeaning, integer(0, 1LL << 32), "map sizes follow the node's memory"},
      {"bpf.policyMapMax", kWithoutMeaning, integer(0, 1LL << 32), "map sizes follow the node's memory"},
      {"bpf.policyStatsMapMax", kWithoutMeaning, integer(0, 1LL << 32), "map sizes follow the node's memory"},
      {"bpf.policyMapPressureMetricsThreshold", kWithoutMeaning, fraction(), "map sizes follow the node's memory"},
      {"bpf.distributedLRU.enabled", kWithoutMeaning, boolean(), "ichor chooses its maps' kinds"},
      {"bpf.ctAccounting", kPlanned, boolean(), "packets and bytes of each connection"},
      {"bpfClockProbe", kWithoutMeaning, boolean(), "ichor chooses its clock"},
      {"cgroup.hostRoot", kImplemented, path(), "where the cgroup2 tree is mounted", assign<&Config::cgroup_root>},
      {"cgroup.autoMount.*", kWithoutMeaning, anything(), "Talos mounts the cgroup2 tree"},
      {"bandwidthManager.enabled", kPlanned, boolean(), "pods' kubernetes.io/ingress-bandwidth and egress-bandwidth"},
      {"bandwidthManager.bbr", kPlanned, boolean(), "BBR for pods"},
      {"bandwidthManager.bbrHostNamespaceOnly", kPlanned, boolean(), "BBR for the host's sockets only"},
      {"conntrackGCInterval", kWithoutMeaning, duration(), "expiry is judged for each packet, not by a sweep"},
      {"conntrackGCMaxInterval", kWithoutMeaning, duration(), "expiry is judged for each packet, not by a sweep"},
      {"nat.mapStatsEntries", kWithoutMeaning, integer(0, 1LL << 32), "full destinations are named in the status"},
      {"nat.mapStatsInterval", kWithoutMeaning, duration(), "full destinations are named in the status"},
      {"datapathPlugins.enabled", kRefused, one_of("false"), "ichor's programs are compiled before they ship: nothing can be plugged in"},
      {"datapathPlugins.*", kWithoutMeaning, anything(), "nothing can be plugged in"},
      {"customCalls.enabled", kRefused, one_of("false"), "ichor's programs are compiled before they ship: nothing can be plugged in"},
      {"endpointLockdownOnMapOverflow", kPlanned, boolean(), "a pod whose policy does not fit its map is cut off"},
      {"sysctlfix.*", kWithoutMeaning, anything(), "the agent sets the few sysctls it needs itself"},
  };
  return kKeys;
}

}  // namespace sources::settings
