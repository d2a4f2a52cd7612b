// The address with which what pods send to the world leaves: for each uplink and family the one that the kernel would choose.
#pragma once

#include "plan/plan.h"

namespace plan::masquerade {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::masquerade
