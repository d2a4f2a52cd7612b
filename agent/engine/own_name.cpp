#include "engine/own_name.h"

#include "io/kernel/process.h"
#include "io/kube/node_name.h"

namespace engine {

base::Result<std::string> own_name(const Options& options) {
  if (!options.node_name.empty()) return options.node_name;
  if (!options.manifests.empty()) return io::kernel::host_name();
  const bool kubelets = options.kubeconfig.empty();
  std::string name = TRY(io::kube::node_name_of(kubelets ? kKubeletKubeconfig : options.kubeconfig, kubelets ? kKubeletCertificate : ""));
  return name.empty() ? io::kernel::host_name() : name;
}

}  // namespace engine
