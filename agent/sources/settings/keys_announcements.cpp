// Rows of the table of keys: LoadBalancer addresses, and who says where they are.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;

std::span<const Key> announcement_keys() {
  static constexpr Key kKeys[] = {
      {"enableLBIPAM", kPlanned, boolean(), "addresses from CiliumLoadBalancerIPPools"},
      {"defaultLBServiceIPAM", kPlanned, one_of("lbipam|none"), "who serves LoadBalancer Services without a class"},
      {"l2announcements.enabled", kPlanned, boolean(), "CiliumL2AnnouncementPolicies"},
      {"l2announcements.leaseDuration", kWithoutMeaning, duration(), "nodes watch each other by heartbeats, not by leases"},
      {"l2announcements.leaseRenewDeadline", kWithoutMeaning, duration(), "nodes watch each other by heartbeats, not by leases"},
      {"l2announcements.leaseRetryPeriod", kWithoutMeaning, duration(), "nodes watch each other by heartbeats, not by leases"},
      {"l2podAnnouncements.enabled", kRefused, one_of("false"), "pod addresses are routed, not announced"},
      {"l2podAnnouncements.*", kWithoutMeaning, anything(), "pod addresses are routed, not announced"},
      {"l2NeighDiscovery.*", kWithoutMeaning, anything(), "the kernel keeps the neighbours that ichor needs"},
      {"nodeIPAM.enabled", kRefused, one_of("false"), "LoadBalancer addresses come from pools: write a CiliumLoadBalancerIPPool"},
      {"bgpControlPlane.enabled", kRefused, one_of("false"),
       "ichor speaks no BGP: addresses are announced by ARP and NDP (l2announcements), or routed by a static route to the nodes"},
      {"bgpControlPlane.*", kWithoutMeaning, anything(), "ichor speaks no BGP"},
      {"gatewayAPI.enabled", kRefused, one_of("false"),
       "ichor has no L7 proxy: run a Gateway controller as pods, its Service of type LoadBalancer works"},
      {"gatewayAPI.*", kWithoutMeaning, anything(), "ichor has no L7 proxy"},
      {"ingressController.enabled", kRefused, one_of("false"),
       "ichor has no L7 proxy: run an ingress controller as pods, its Service of type LoadBalancer works"},
      {"ingressController.*", kWithoutMeaning, anything(), "ichor has no L7 proxy"},
  };
  return kKeys;
}

}  // namespace sources::settings
