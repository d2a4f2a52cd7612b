// ClusterIPs that are something else's address too. Such a Service is served, since that is what its object asks for, and named.
#pragma once

#include "plan/plan.h"

namespace plan {

void note_taken_cluster_ips(const model::Service& service, const model::Snapshot& snapshot, model::Planned& planned);

// Services of which the change may alter what note_taken_cluster_ips() says.
void services_noted_by(const Touched& touched, const model::Snapshot& snapshot, Keys& services);

}  // namespace plan
