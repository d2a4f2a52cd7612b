// Where load balancers ask about this node, and what they hear: healthCheckNodePorts of Services with externalTrafficPolicy Local, and
// kube-proxy's own /healthz. Keys are Services, and the node.
#pragma once

#include "plan/plan.h"

namespace plan::health_checks {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::health_checks
