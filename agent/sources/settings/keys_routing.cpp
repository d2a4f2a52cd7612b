// Rows of the table of keys: how packets find their way between nodes, and out of the cluster.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;
using model::Config;

std::span<const Key> routing_keys() {
  static constexpr Key kKeys[] = {
      {"routingMode", kImplemented, one_of("native"),
       "ichor routes natively, without encapsulation: the nodes share a network, or its routers know the pod prefixes"},
      {"tunnel", kRefused, one_of("disabled"), "ichor never encapsulates; leave it out"},
      {"tunnelProtocol", kWithoutMeaning, text(), "nothing is encapsulated"},
      {"tunnelPort", kWithoutMeaning, integer(0, 65535), "nothing is encapsulated"},
      {"tunnelSourcePortRange", kWithoutMeaning, text(), "nothing is encapsulated"},
      {"underlayProtocol", kWithoutMeaning, text(), "nothing is encapsulated"},
      {"autoDirectNodeRoutes", kImplemented, boolean(), "routes to the pod prefixes of nodes on the same segment; on by default",
       assign<&Config::auto_direct_node_routes>},
      {"directRoutingSkipUnreachable", kImplemented, boolean(), "no problem is reported for nodes on other segments",
       assign<&Config::direct_routing_skip_unreachable>},
      {"ipv4NativeRoutingCIDR", kImplemented, cidr(base::Family::kIpv4),
       "destinations that see pod addresses unchanged, beside the pods and nodes of the cluster",
       assign<&Config::ipv4_native_routing_cidr>},
      {"ipv6NativeRoutingCIDR", kImplemented, cidr(base::Family::kIpv6),
       "destinations that see pod addresses unchanged, beside the pods and nodes of the cluster",
       assign<&Config::ipv6_native_routing_cidr>},
      {"nativeRoutingCIDRFromClusterPool", kRefused, one_of("false"),
       "there is no cluster pool: set ipv4NativeRoutingCIDR and ipv6NativeRoutingCIDR"},
      {"endpointRoutes.enabled", kImplemented, boolean(), "each pod has its own route, whatever this says"},
      {"devices", kImplemented, interfaces(), "uplinks; by default those with a default route or a node address", assign<&Config::devices>},
      {"forceDeviceDetection", kPlanned, boolean(), "detect uplinks beside those in devices"},
      {"MTU", kImplemented, integer(0, 65535), "bytes, of pod links; 0: the smallest of the uplinks", assign<&Config::mtu>},
      {"pmtuDiscovery.enabled", kWithoutMeaning, boolean(), "path MTU discovery always works"},
      {"pmtuDiscovery.packetizationLayerPMTUDMode", kWithoutMeaning, one_of("disabled|blackhole|always|unset"),
       "the kernel's own setting stays"},
      {"enableIPv4BIGTCP", kPlanned, boolean(), "BIG TCP on pod links"},
      {"enableIPv6BIGTCP", kPlanned, boolean(), "BIG TCP on pod links"},
      {"enableTunnelBIGTCP", kWithoutMeaning, boolean(), "nothing is encapsulated"},
      {"enableIPv4Masquerade", kImplemented, boolean(), "what pods send out of the cluster takes an address of the node; on by default",
       assign<&Config::ipv4_masquerade>},
      {"enableIPv6Masquerade", kImplemented, boolean(), "what pods send out of the cluster takes an address of the node; on by default",
       assign<&Config::ipv6_masquerade>},
      {"enableMasqueradeRouteSource", kWithoutMeaning, boolean(),
       "masquerading always takes the source that the kernel chose for the route"},
      {"egressMasqueradeInterfaces", kImplemented, names(), "uplinks that masquerade, such as [eth0, enp+]; by default all",
       assign<&Config::egress_masquerade_interfaces>},
      {"ipMasqAgent.enabled", kImplemented, boolean(),
       "pods keep their addresses also to the destinations of ipMasqAgent.config; without one to all that are private or reserved",
       [](Config& config, const Accepted& accepted) { config.ip_masq_agent.enabled = std::get<bool>(accepted); }},
      {"ipMasqAgent.config.nonMasqueradeCIDRs", kImplemented, prefix_list(),
       "destinations that see pod addresses unchanged; what is no prefix is left out with a problem",
       [](Config& config, const Accepted& accepted) {
         config.ip_masq_agent.configured = true;
         config.ip_masq_agent.destinations = std::get<model::PrefixList>(accepted);
       }},
      {"ipMasqAgent.config.masqLinkLocal", kImplemented, boolean(), "169.254.0.0/16 is masqueraded too",
       [](Config& config, const Accepted& accepted) {
         config.ip_masq_agent.configured = true;
         config.ip_masq_agent.masquerades_ipv4_local = std::get<bool>(accepted);
       }},
      {"ipMasqAgent.config.masqLinkLocalIPv6", kImplemented, boolean(), "fe80::/10 is masqueraded too",
       [](Config& config, const Accepted& accepted) {
         config.ip_masq_agent.configured = true;
         config.ip_masq_agent.masquerades_ipv6_local = std::get<bool>(accepted);
       }},
      {"installNoConntrackIptablesRules", kWithoutMeaning, boolean(), "ichor needs no iptables"},
      {"installIptablesRules", kWithoutMeaning, boolean(), "ichor needs no iptables"},
      {"iptablesRandomFully", kWithoutMeaning, boolean(), "ichor needs no iptables"},
      {"iptablesLockTimeout", kWithoutMeaning, duration(), "ichor needs no iptables"},
      {"disableIptablesFeederRules", kWithoutMeaning, anything(), "ichor needs no iptables"},
      {"enableXTSocketFallback", kWithoutMeaning, boolean(), "ichor needs no iptables"},
      {"enableIdentityMark", kWithoutMeaning, boolean(), "ichor sets no packet marks"},
      {"egressGateway.enabled", kRefused, one_of("false"), "ichor has no egress gateway: each node masquerades with its own address"},
      {"egressGateway.*", kWithoutMeaning, anything(), "ichor has no egress gateway"},
      {"nat46x64Gateway.enabled", kRefused, one_of("false"), "ichor does not translate between IPv4 and IPv6: use dual-stack Services"},
      {"vtep.enabled", kRefused, one_of("false"), "ichor never encapsulates"},
      {"vtep.*", kWithoutMeaning, anything(), "ichor never encapsulates"},
  };
  return kKeys;
}

}  // namespace sources::settings
