// Whose credentials these are: a node's name is the CN of its kubelet's client certificate, `system:node:NAME` (Kubernetes' node
// authorizer). Where the agent has a UTS namespace of its own, as on Talos, nothing else on the machine says it.
#pragma once

#include <string>

#include "base/result.h"

namespace io::kube {

// Read anew on each call. "": good credentials, but nobody's that is a node. ENOENT: to be waited for. `certificate`: a PEM file that
// counts while there is no kubeconfig, "" without: Talos keeps /etc/kubernetes in memory, and after a boot the certificate is there before
// it.
base::Result<std::string> node_name_of(const std::string& kubeconfig, const std::string& certificate);

}  // namespace io::kube
