// At which addresses NodePorts are called: those of this node that nodePort.addresses leaves, and its peers'. Keys are addresses.
#pragma once

#include "plan/plan.h"

namespace plan::node_addresses {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

// Addresses of this node's own links among them, sorted: those at which one can listen.
std::vector<base::Ip> chosen_on_own_links(const model::Snapshot& snapshot);

}  // namespace plan::node_addresses
