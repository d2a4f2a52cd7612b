// Rows of the table of keys: what can be seen from outside.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;
using model::Config;

std::span<const Key> observability_keys() {
  static constexpr Key kKeys[] = {
      {"debug.enabled", kImplemented, boolean(), "the log says why", assign<&Config::debug>},
      {"debug.*", kWithoutMeaning, anything(), "the log has one level for all parts"},
      {"logOptions", kWithoutMeaning, map(), "the log goes to Talos: talosctl logs ext-ichor"},
      {"logSystemLoad", kWithoutMeaning, boolean(), "Talos shows the node's load"},
      {"pprof.*", kWithoutMeaning, anything(), "a profiler for Go"},
      {"monitor.*", kWithoutMeaning, anything(), "ichor-agent flows shows packets"},
      {"healthPort", kPlanned, integer(1, 65535), "where /healthz is answered; 9879"},
      {"healthChecking", kWithoutMeaning, boolean(), "the agent probes its own datapath, always"},
      {"healthCheckICMPFailureThreshold", kWithoutMeaning, integer(0, 1 << 20), "the agent probes its own datapath, always"},
      {"endpointHealthChecking.enabled", kWithoutMeaning, boolean(), "the agent probes its own datapath, always"},
      {"clusterHealthPort", kWithoutMeaning, integer(0, 65535), "the agent probes its own datapath, always"},
      {"connectivityProbeFrequencyRatio", kWithoutMeaning, fraction(), "the agent probes its own datapath, always"},
      {"prometheus.enabled", kImplemented, boolean(), "metrics of the agent, /metrics at every address of the node; on by default",
       assign<&Config::prometheus>},
      {"prometheus.port", kImplemented, integer(1, 65535), "where they are scraped; by default 9962", assign<&Config::prometheus_port>},
      {"prometheus.metrics", kPlanned, names(), "metrics to add (+) or to leave out (-)"},
      {"prometheus.*", kWithoutMeaning, anything(), "the ServiceMonitor is a manifest that you apply"},
      {"dashboards.*", kWithoutMeaning, anything(), "dashboards are manifests that you apply"},
      {"hubble.enabled", kPlanned, boolean(), "flows, and Hubble's API for them"},
      {"hubble.listenAddress", kPlanned, text(), "where Hubble's API is served on the network; :4244"},
      {"hubble.socketPath", kPlanned, path(), "where Hubble's API is served on the node"},
      {"hubble.eventBufferCapacity", kPlanned, integer(1, 65535), "flows kept in memory"},
      {"hubble.eventQueueSize", kPlanned, integer(0, 1 << 24), "flows that may wait"},
      {"hubble.lostEventSendInterval", kPlanned, duration(), "how often lost flows are reported"},
      {"hubble.skipUnknownCGroupIDs", kWithoutMeaning, boolean(), "flows are told apart by addresses"},
      {"hubble.preferIpv6", kPlanned, boolean(), "peers are named by IPv6 addresses"},
      {"hubble.peerService.*", kPlanned, anything(), "how a relay finds the nodes"},
      {"hubble.metrics.enabled", kPlanned, names(), "flow metrics"},
      {"hubble.metrics.port", kPlanned, integer(1, 65535), "where they are scraped; 9965"},
      {"hubble.metrics.enableOpenMetrics", kPlanned, boolean(), "the OpenMetrics format"},
      {"hubble.metrics.tls.*", kPlanned, anything(), "TLS for the flow metrics"},
      {"hubble.metrics.dynamic.*", kPlanned, anything(), "flow metrics that change without a restart"},
      {"hubble.metrics.*", kWithoutMeaning, anything(), "the ServiceMonitor and dashboards are manifests that you apply"},
      {"hubble.export.*", kPlanned, anything(), "flows written to files"},
      {"hubble.redact.*", kPlanned, anything(), "what flows do not say"},
      {"hubble.dropEventEmitter.*", kPlanned, anything(), "drops as Kubernetes events"},
      {"hubble.networkPolicyCorrelation.enabled", kPlanned, boolean(), "flows name the policies that judged them"},
      {"hubble.tls.*", kPlanned, anything(), "TLS for Hubble's API"},
      {"hubble.relay.enabled", kPlanned, boolean(), "Hubble's API for the whole cluster"},
      {"hubble.relay.*", kWithoutMeaning, anything(), "ichor deploys no relay"},
      {"hubble.ui.enabled", kPlanned, boolean(), "a web page of flows"},
      {"hubble.ui.*", kWithoutMeaning, anything(), "ichor deploys no web server"},
      {"hubble.annotations", kWithoutMeaning, map(), "ichor deploys no objects"},
      {"hubble.hostUsers", kWithoutMeaning, boolean(), "ichor deploys no pods"},
  };
  return kKeys;
}

}  // namespace sources::settings
