// Rows of the table of keys: how a chart deploys its pods. ichor has none: it is a part of the OS image.
#include "sources/settings/keys.h"

namespace sources::settings {

using enum KeyClass;

std::span<const Key> deployment_keys() {
  static constexpr std::string_view kNoPods = "ichor is part of the OS image: there are no pods to deploy";
  static constexpr Key kKeys[] = {
      {"agent", kWithoutMeaning, boolean(), kNoPods},
      {"name", kWithoutMeaning, text(), kNoPods},
      {"namespaceOverride", kWithoutMeaning, text(), kNoPods},
      {"rollOutCiliumPods", kWithoutMeaning, boolean(), kNoPods},
      {"imagePullSecrets", kWithoutMeaning, anything(), kNoPods},
      {"affinity", kWithoutMeaning, anything(), kNoPods},
      {"nodeSelector", kWithoutMeaning, anything(), kNoPods},
      {"tolerations", kWithoutMeaning, anything(), kNoPods},
      {"priorityClassName", kWithoutMeaning, text(), kNoPods},
      {"enableCriticalPriorityClass", kWithoutMeaning, boolean(), kNoPods},
      {"dnsPolicy", kWithoutMeaning, text(), kNoPods},
      {"extraContainers", kWithoutMeaning, anything(), kNoPods},
      {"extraInitContainers", kWithoutMeaning, anything(), kNoPods},
      {"extraEnv", kWithoutMeaning, anything(), kNoPods},
      {"extraHostPathMounts", kWithoutMeaning, anything(), kNoPods},
      {"extraVolumes", kWithoutMeaning, anything(), kNoPods},
      {"extraVolumeMounts", kWithoutMeaning, anything(), kNoPods},
      {"annotations", kWithoutMeaning, anything(), kNoPods},
      {"podAnnotations", kWithoutMeaning, anything(), kNoPods},
      {"podLabels", kWithoutMeaning, anything(), kNoPods},
      {"commonLabels", kWithoutMeaning, anything(), kNoPods},
      {"resources", kWithoutMeaning, anything(), kNoPods},
      {"initResources", kWithoutMeaning, anything(), kNoPods},
      {"terminationGracePeriodSeconds", kWithoutMeaning, anything(), kNoPods},
      {"minReadySeconds", kWithoutMeaning, anything(), kNoPods},
      {"tmpVolume", kWithoutMeaning, anything(), kNoPods},
      {"waitForKubeProxy", kWithoutMeaning, boolean(), kNoPods},
      {"keepDeprecatedLabels", kWithoutMeaning, boolean(), kNoPods},
      {"keepDeprecatedProbes", kWithoutMeaning, boolean(), kNoPods},
      {"global", kWithoutMeaning, anything(), kNoPods},
      {"image.*", kWithoutMeaning, anything(), kNoPods},
      {"serviceAccounts.*", kWithoutMeaning, anything(), kNoPods},
      {"rbac.*", kWithoutMeaning, anything(), kNoPods},
      {"scheduling.*", kWithoutMeaning, anything(), kNoPods},
      {"securityContext.*", kWithoutMeaning, anything(), kNoPods},
      {"podSecurityContext.*", kWithoutMeaning, anything(), kNoPods},
      {"updateStrategy.*", kWithoutMeaning, anything(), kNoPods},
      {"livenessProbe.*", kWithoutMeaning, anything(), kNoPods},
      {"readinessProbe.*", kWithoutMeaning, anything(), kNoPods},
      {"startupProbe.*", kWithoutMeaning, anything(), kNoPods},
      {"resourceQuotas.*", kWithoutMeaning, anything(), kNoPods},
      {"certgen.*", kWithoutMeaning, anything(), kNoPods},
      {"operator.*", kWithoutMeaning, anything(), kNoPods},
      {"preflight.*", kWithoutMeaning, anything(), kNoPods},
      {"nodeinit.*", kWithoutMeaning, anything(), kNoPods},
  };
  return kKeys;
}

}  // namespace sources::settings
