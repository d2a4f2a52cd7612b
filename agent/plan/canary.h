// The canary's service, an ordinary entry in the ordinary maps. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::canary {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::canary
