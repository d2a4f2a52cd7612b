// Rows of the table of keys: Services, in place of kube-proxy.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;
using model::Config;

namespace {

void choose_refusals(Config& config, const Accepted& accepted) { config.silent_refusals = std::get<std::string>(accepted) == "drop"; }

}  // namespace

std::span<const Key> service_keys() {
  static constexpr Key kKeys[] = {
      {"kubeProxyReplacement", kImplemented, one_of("true|strict"),
       "ichor always serves the Services itself: take kube-proxy out of the cluster"},
      {"kubeProxyReplacementHealthzBindAddr", kImplemented, listen_address(),
       "where kube-proxy's /healthz and /livez are answered; by default at all addresses of the node, port 10256; empty: nowhere",
       assign<&Config::proxy_healthz>},
      {"loadBalancer.mode", kPlanned, one_of("snat|dsr|hybrid"),
       "how packets from outside reach a backend on another node, which is by snat for now whatever this says"},
      {"loadBalancer.algorithm", kPlanned, one_of("random|maglev"), "how a backend is chosen for what comes from outside"},
      {"loadBalancer.dsrDispatch", kPlanned, one_of("l2|ipip"),
       "l2, the default, adds no bytes to a packet; opt and geneve do, and are not there"},
      {"loadBalancer.acceleration", kPlanned, one_of("disabled|native|best-effort"), "XDP on the uplinks"},
      {"loadBalancer.serviceTopology", kWithoutMeaning, boolean(), "the hints in EndpointSlices are always followed"},
      {"loadBalancer.reflectorWaitTime", kWithoutMeaning, duration(), "each change is applied at once"},
      {"loadBalancer.l7.backend", kRefused, one_of("disabled"), "ichor has no L7 proxy: run an ingress controller or a Gateway as pods"},
      {"loadBalancer.l7.*", kWithoutMeaning, anything(), "ichor has no L7 proxy"},
      {"loadBalancer.protocolDifferentiation.enabled", kWithoutMeaning, boolean(), "TCP and UDP ports of one number are always told apart"},
      {"loadBalancer.standalone", kRefused, one_of("false"), "ichor balances for its own cluster"},
      {"maglev.tableSize", kPlanned, one_of("251|509|1021|2039|4093|8191|16381|32749|65521|131071"), "slots of each Service"},
      {"maglev.hashSeed", kPlanned, text(), "base64 of 12 bytes, the same on all nodes"},
      {"nodePort.enabled", kWithoutMeaning, boolean(), "NodePorts are part of the kube-proxy replacement"},
      {"nodePort.addresses", kImplemented, prefixes(),
       "prefixes of the node addresses that answer NodePorts, the same on all nodes; of a family without one, and by default, all do",
       assign<&Config::node_port_addresses>},
      {"nodePort.range", kImplemented, port_range(),
       "the API server's --service-node-port-range: ports beyond it are no NodePorts; by default 30000,32767", assign<&Config::node_ports>},
      {"nodePort.directRoutingDevice", kPlanned, interfaces(), "the uplink towards other nodes"},
      {"nodePort.bindProtection", kPlanned, boolean(), "programs on the node cannot bind a NodePort"},
      {"nodePort.autoProtectPortRange", kPlanned, boolean(), "NodePorts are kept out of the ephemeral ports"},
      {"nodePort.enableHealthCheck", kImplemented, boolean(),
       "Services' healthCheckNodePort is answered, at the addresses that nodePort.addresses leaves; by default it is",
       assign<&Config::health_check_node_ports>},
      {"nodePort.enableHealthCheckLoadBalancerIP", kPlanned, boolean(), "healthCheckNodePort is answered on LoadBalancer addresses"},
      {"nodePort.enableDynamicSourceLookup", kPlanned, boolean(), "the source of forwarded packets is looked up for each packet"},
      {"externalIPs.enabled", kImplemented, boolean(), "Services' externalIPs are served; on by default", assign<&Config::external_ips>},
      {"hostPort.enabled", kImplemented, boolean(), "containers' hostPorts are served; on by default", assign<&Config::host_ports>},
      {"sessionAffinity", kWithoutMeaning, boolean(), "Services' sessionAffinity: ClientIP is always served"},
      {"socketLB.enabled", kWithoutMeaning, boolean(), "sockets are always translated when they connect"},
      {"socketLB.hostNamespaceOnly", kImplemented, boolean(),
       "sockets of pods are not translated but their packets, for proxies that look at addresses in the pod; by default sockets are",
       assign<&Config::host_sockets_only>},
      {"socketLB.terminatePodConnections", kPlanned, boolean(), "sockets to a backend that went are ended"},
      {"socketLB.tracing", kPlanned, boolean(), "flows of translated sockets"},
      {"hostServices.*", kWithoutMeaning, anything(), "the old name of socketLB"},
      {"svcSourceRangeCheck", kImplemented, one_of("true"), "Services' loadBalancerSourceRanges always hold"},
      {"serviceNoBackendResponse", kImplemented, one_of("reject|drop"),
       "what packets to a Service without endpoints, or to a port that it has not, are answered by: reject, the default, or nothing",
       choose_refusals},
      {"enableInternalTrafficPolicy", kWithoutMeaning, boolean(), "Services' internalTrafficPolicy is always followed"},
      {"enableNoServiceEndpointsRoutable", kPlanned, boolean(), "LoadBalancer addresses without endpoints stay routable"},
      {"enableK8sEndpointSlice", kWithoutMeaning, boolean(), "EndpointSlices are always read"},
      {"localRedirectPolicy", kRefused, one_of("false"),
       "ichor has no local redirect: internalTrafficPolicy: Local keeps a Service on its node"},
      {"localRedirectPolicies.enabled", kRefused, one_of("false"),
       "ichor has no local redirect: internalTrafficPolicy: Local keeps a Service on its node"},
      {"localRedirectPolicies.*", kWithoutMeaning, anything(), "ichor has no local redirect"},
      {"sctp.enabled", kPlanned, boolean(), "Services' SCTP ports"},
      {"fragmentTracking", kWithoutMeaning, boolean(), "fragments always follow their first fragment"},
  };
  return kKeys;
}

}  // namespace sources::settings
