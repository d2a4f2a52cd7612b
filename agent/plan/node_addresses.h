// At which addresses NodePorts are called: those of this node that nodePort.addresses leaves, and its peers'. Keys are addresses.
#pragma once

#include "plan/plan.h"

namespace plan::node_addresses {

// Of this node, at which ports can be called by others, and 127.0.0.1; sorted.
std::vector<base::Ip> own_addresses(const model::Snapshot& snapshot);

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::node_addresses
