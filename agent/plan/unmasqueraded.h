// Destinations to which pods keep their own addresses, a key each: pods and nodes of the cluster, and what the settings name. A prefix
// that lies in one of the settings' needs no row of its own: with ipv4NativeRoutingCIDR around all pods a node that joins adds none.
#pragma once

#include "plan/plan.h"

namespace plan::unmasqueraded {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::unmasqueraded
