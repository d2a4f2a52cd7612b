// Rows of the table of keys: address families, pod addresses and the API server's address.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;
using model::Config;

std::span<const Key> address_keys() {
  static constexpr Key kKeys[] = {
      {"ipv4.enabled", kImplemented, boolean(), "false turns IPv4 off; by default the Node's pod prefixes decide", assign<&Config::ipv4>},
      {"ipv6.enabled", kImplemented, boolean(), "false turns IPv6 off; by default the Node's pod prefixes decide", assign<&Config::ipv6>},
      {"preferIpv6", kWithoutMeaning, boolean(), "both families are served alike"},
      {"ipam.mode", kImplemented, one_of("kubernetes"),
       "pod addresses come from the Node's spec.podCIDRs: Kubernetes' controller manager hands them out"},
      {"ipam.*", kWithoutMeaning, anything(), "pod addresses come from the Node's spec.podCIDRs"},
      {"k8s.requireIPv4PodCIDR", kWithoutMeaning, boolean(), "pod addresses always come from the Node's spec.podCIDRs"},
      {"k8s.requireIPv6PodCIDR", kWithoutMeaning, boolean(), "pod addresses always come from the Node's spec.podCIDRs"},
      {"k8s.serviceProxyName", kImplemented, text(),
       "Services with this service.kubernetes.io/service-proxy-name are served, others not; by default those without such a label",
       assign<&Config::service_proxy_name>},
      {"k8s.apiServerURLs", kRefused, one_of(""), "use k8sServiceHost and k8sServicePort"},
      {"k8sServiceHost", kImplemented, host(), "the API server instead of the kubeconfig's; localhost with Talos' KubePrism",
       assign<&Config::k8s_service_host>},
      {"k8sServicePort", kImplemented, integer(1, 65535), "its port; 7445 with Talos' KubePrism", assign<&Config::k8s_service_port>},
      {"k8sServiceHostRef.*", kRefused, one_of(""), "write the address itself into k8sServiceHost"},
      {"k8sServiceLookupConfigMapName", kRefused, one_of(""), "write the address itself into k8sServiceHost"},
      {"k8sServiceLookupNamespace", kRefused, one_of(""), "write the address itself into k8sServiceHost"},
      {"kubeConfigPath", kRefused, one_of(""), "ichor will use the kubelet's own credentials"},
      {"k8sClientRateLimit.*", kWithoutMeaning, anything(), "the agent sends few requests"},
      {"k8sClientExponentialBackoff.*", kWithoutMeaning, anything(), "ichor has its own backoff"},
      {"eni.enabled", kRefused, one_of("false"), "ichor takes pod addresses from the Node's spec.podCIDRs only"},
      {"eni.*", kWithoutMeaning, anything(), "ichor has no part that talks to a cloud"},
      {"azure.enabled", kRefused, one_of("false"), "ichor takes pod addresses from the Node's spec.podCIDRs only"},
      {"azure.*", kWithoutMeaning, anything(), "ichor has no part that talks to a cloud"},
      {"alibabacloud.enabled", kRefused, one_of("false"), "ichor takes pod addresses from the Node's spec.podCIDRs only"},
      {"alibabacloud.*", kWithoutMeaning, anything(), "ichor has no part that talks to a cloud"},
      {"aksbyocni.enabled", kRefused, one_of("false"), "ichor runs on Talos, not on AKS"},
      {"gke.enabled", kRefused, one_of("false"), "ichor runs on Talos, not on GKE"},
  };
  return kKeys;
}

}  // namespace sources::settings
