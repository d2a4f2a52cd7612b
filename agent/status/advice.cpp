#include "status/advice.h"

#include <utility>

namespace status {

std::string_view advice(std::string_view check) {
  constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
      {"start", "mend what is named; nothing has to be restarted afterwards"},
      {"state_dir", "give the state directory room, or mount it writable; pods that run are not touched"},
      {"settings",
       "correct the values file (ichor-agent check names file and line); until then the last good configuration stays in force"},
      {"objects", "see that the API server can be reached with the kubeconfig, or that the directory given by --manifests can be read"},
      {"host", "see that the agent runs in the node's network namespace with CAP_NET_ADMIN"},
      {"sandboxes", "see that the state directory can be read and written"},
      {"pod_cidr", "let kube-controller-manager run with --allocate-node-cidrs and --cluster-cidr, or write spec.podCIDRs into the Node"},
      {"datapath", "run ichor-agent check on this node; it tries each kernel feature and program"},
      {"canary_from_host",
       "ichor-agent check tells whether cgroup.hostRoot is above the pods, in the node's cgroup namespace; ichor-agent get attachments "
       "shows what is attached; look for a firewall rule or another cgroup program in the way"},
      {"canary_from_pod", "ichor-agent get attachments shows what is attached; look for a firewall rule on the forward path"},
  };
  for (const auto& [name, text] : kAdvice)
    if (name == check) return text;
  return "";
}

}  // namespace status
