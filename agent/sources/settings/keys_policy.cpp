// Rows of the table of keys: policy, encryption, and the proxies that other systems do them with.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;

std::span<const Key> policy_keys() {
  static constexpr Key kKeys[] = {
      {"policyEnforcementMode", kPlanned, one_of("default|always|never"), "whether pods without a policy are open"},
      {"policyCIDRMatchMode", kPlanned, names(), "whether prefixes in policies match nodes"},
      {"policyDenyResponse", kPlanned, one_of("none|icmp"), "what a denied client sees"},
      {"policyAuditMode", kPlanned, boolean(), "policies are judged and reported, not enforced"},
      {"k8sNetworkPolicy.enabled", kPlanned, boolean(), "NetworkPolicies"},
      {"k8sClusterNetworkPolicy.enabled", kPlanned, boolean(), "ClusterNetworkPolicies"},
      {"enableNonDefaultDenyPolicies", kPlanned, boolean(), "policies that deny nothing by themselves"},
      {"endpointPolicyUpdateTimeoutDuration", kWithoutMeaning, duration(), "a policy's update is one step"},
      {"hostFirewall.enabled", kRefused, one_of("false"), "the host is Talos' own: use its NetworkRuleConfig (ingress firewall)"},
      {"encryption.enabled", kRefused, one_of("false"),
       "ichor sends what nodes send each other in clear: use Talos' KubeSpan for WireGuard between nodes"},
      {"encryption.nodeEncryption", kRefused, one_of("false"), "use Talos' KubeSpan for WireGuard between nodes"},
      {"encryption.strictMode.enabled", kRefused, one_of("false"), "use Talos' KubeSpan for WireGuard between nodes"},
      {"encryption.strictMode.egress.enabled", kRefused, one_of("false"), "use Talos' KubeSpan for WireGuard between nodes"},
      {"encryption.strictMode.ingress.enabled", kRefused, one_of("false"), "use Talos' KubeSpan for WireGuard between nodes"},
      {"encryption.*", kWithoutMeaning, anything(), "ichor encrypts nothing"},
      {"authentication.enabled", kRefused, one_of("false"), "ichor has no mutual authentication: use a service mesh's mTLS"},
      {"authentication.mutual.spire.enabled", kRefused, one_of("false"), "ichor has no mutual authentication: use a service mesh's mTLS"},
      {"authentication.*", kWithoutMeaning, anything(), "ichor has no mutual authentication"},
      {"l7Proxy", kRefused, one_of("false"), "ichor has no L7 proxy: policies end at ports"},
      {"envoyConfig.enabled", kRefused, one_of("false"), "ichor has no L7 proxy"},
      {"envoyConfig.*", kWithoutMeaning, anything(), "ichor has no L7 proxy"},
      {"envoy.*", kWithoutMeaning, anything(), "ichor has no L7 proxy"},
      {"disableEnvoyVersionCheck", kWithoutMeaning, boolean(), "ichor has no L7 proxy"},
      {"standaloneDnsProxy.enabled", kRefused, one_of("false"), "ichor has no DNS proxy"},
      {"standaloneDnsProxy.*", kWithoutMeaning, anything(), "ichor has no DNS proxy"},
      {"dnsProxy.*", kWithoutMeaning, anything(), "ichor has no DNS proxy"},
      {"dnsPolicyUnloadOnShutdown", kWithoutMeaning, boolean(), "ichor has no DNS proxy"},
      {"daemon.enableSourceIPVerification", kPlanned, boolean(), "pods can send from their own addresses only"},
      {"daemon.*", kWithoutMeaning, anything(), "the agent's options are its command line's"},
      {"tls.*", kWithoutMeaning, anything(), "certificates for a proxy that ichor does not have"},
      {"secretsNamespaceAnnotations", kWithoutMeaning, map(), "certificates for a proxy that ichor does not have"},
      {"secretsNamespaceLabels", kWithoutMeaning, map(), "certificates for a proxy that ichor does not have"},
  };
  return kKeys;
}

}  // namespace sources::settings
