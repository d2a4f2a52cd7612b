// What goes straight into pods: whatever the node's own stack would not have judged otherwise. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::direct_delivery {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::direct_delivery
