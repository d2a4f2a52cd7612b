// Rows of the table of keys: other clusters, identities, other stores than the API server, and other systems on the node.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;

std::span<const Key> cluster_keys() {
  static constexpr Key kKeys[] = {
      {"cluster.name", kPlanned, text(), "the cluster's name in flows"},
      {"cluster.id", kWithoutMeaning, integer(0, 511), "ichor joins no clusters"},
      {"clustermesh.useAPIServer", kRefused, one_of("false"), "ichor joins no clusters: use Services of type LoadBalancer between them"},
      {"clustermesh.config.enabled", kRefused, one_of("false"), "ichor joins no clusters: use Services of type LoadBalancer between them"},
      {"clustermesh.mcsapi.enabled", kRefused, one_of("false"), "ichor joins no clusters: use Services of type LoadBalancer between them"},
      {"clustermesh.enableMCSAPISupport", kRefused, one_of("false"),
       "ichor joins no clusters: use Services of type LoadBalancer between them"},
      {"clustermesh.enableEndpointSliceSynchronization", kRefused, one_of("false"),
       "ichor joins no clusters: use Services of type LoadBalancer between them"},
      {"clustermesh.*", kWithoutMeaning, anything(), "ichor joins no clusters"},
      {"etcd.enabled", kRefused, one_of("false"), "ichor knows the API server only"},
      {"etcd.*", kWithoutMeaning, anything(), "ichor knows the API server only"},
      {"identityAllocationMode", kRefused, one_of("crd"), "ichor keeps no identities outside the node"},
      {"identityChangeGracePeriod", kWithoutMeaning, duration(), "ichor keeps no identities outside the node"},
      {"identityManagementMode", kWithoutMeaning, one_of("agent|operator|both"), "ichor keeps no identities outside the node"},
      {"wellKnownIdentities.*", kWithoutMeaning, anything(), "ichor keeps no identities outside the node"},
      {"labels", kWithoutMeaning, text(), "ichor keeps no identities outside the node"},
      {"nodeLabels", kWithoutMeaning, text(), "ichor keeps no identities outside the node"},
      {"nodeSelectorLabels", kWithoutMeaning, boolean(), "ichor keeps no identities outside the node"},
      {"ciliumEndpointSlice.*", kWithoutMeaning, anything(), "pods are read as pods: there are no endpoint objects"},
      {"disableEndpointCRD", kWithoutMeaning, boolean(), "pods are read as pods: there are no endpoint objects"},
      {"crdWaitTimeout", kWithoutMeaning, duration(), "the agent serves with or without its CRDs"},
      {"synchronizeK8sNodes", kWithoutMeaning, boolean(), "nodes are read as nodes"},
      {"annotateK8sNode", kWithoutMeaning, boolean(), "the Node object is not written"},
      {"agentNotReadyTaintKey", kWithoutMeaning, text(), "ichor is there before the first pod: nodes need no taint"},
      {"nonIdempotentAnnotations", kWithoutMeaning, anything(), "ichor deploys no objects"},
      {"configDriftDetection.*", kWithoutMeaning, anything(), "there is no ConfigMap to drift from"},
      {"apiRateLimit", kWithoutMeaning, text(), "ADD is answered in milliseconds, without a limit"},
      {"extraConfig", kRefused, one_of(""), "ichor reads Helm values only: write the key of the value itself"},
      {"extraArgs", kRefused, one_of(""), "ichor reads Helm values only: write the key of the value itself"},
      {"cni.chainingMode", kRefused, one_of("none"), "ichor is the only CNI plugin of its pods; further plugins (Multus) can call it"},
      {"cni.chainingTarget", kRefused, one_of(""), "ichor is the only CNI plugin of its pods"},
      {"cni.customConf", kRefused, one_of("false"), "ichor writes its own CNI configuration"},
      {"cni.configMap", kRefused, one_of(""), "ichor writes its own CNI configuration"},
      {"cni.readCniConf", kRefused, one_of(""), "ichor writes its own CNI configuration"},
      {"cni.externalRouting", kRefused, one_of("false"), "ichor routes its pods' packets"},
      {"cni.exclusive", kWithoutMeaning, boolean(), "other files are never touched; ichor's sorts first: 05-ichor.conflist"},
      {"cni.*", kWithoutMeaning, anything(), "the plugin is part of the image"},
      {"cleanState", kRefused, one_of("false"), "the agent puts right what it finds: nothing needs to be wiped"},
      {"cleanBpfState", kRefused, one_of("false"), "the agent puts right what it finds: nothing needs to be wiped"},
      {"sleepAfterInit", kRefused, one_of("false"), "to take ichor off a node, take its extension out of the image"},
      {"upgradeCompatibility", kWithoutMeaning, text(), "ichor has no defaults that depend on a version"},
  };
  return kKeys;
}

}  // namespace sources::settings
