// Chooses a sandbox's addresses from the node's pod CIDRs, once: what a sandbox holds it keeps until it
// goes, and then the address rests. Keys are those of Sandboxes.
#pragma once

#include "plan/plan.h"

namespace plan::ipam {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::ipam
