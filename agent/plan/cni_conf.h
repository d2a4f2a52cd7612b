// The CNI configuration list, first written when the canary has passed and never taken away again. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::cni_conf {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::cni_conf
