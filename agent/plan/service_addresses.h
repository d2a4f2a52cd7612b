// Addresses of Services that are a node's too. Such a Service is served, since that is what its object asks for; a clusterIP is named,
// and the others leave the node its own ports.
#pragma once

#include "plan/plan.h"

namespace plan {

void note_taken_cluster_ips(const model::Service& service, const model::Snapshot& snapshot, model::Planned& planned);

// "this node", "Node NAME", or "" for an address that no node has.
std::string holder_of(const base::Ip& ip, const model::Snapshot& snapshot);

// Services of which the change may alter what these say.
void services_noted_by(const Touched& touched, const model::Snapshot& snapshot, Keys& services);

}  // namespace plan
