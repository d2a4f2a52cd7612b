// Containers' hostPorts to frontends at the node's addresses, each with its pod alone behind it. Keys are those of sandboxes.
#pragma once

#include "plan/plan.h"

namespace plan::host_ports {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::host_ports
