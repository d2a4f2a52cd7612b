// Switches forwarding on, after uplinks were told to go on listening to router advertisements. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::sysctls {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::sysctls
