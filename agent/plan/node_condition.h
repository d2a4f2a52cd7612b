// Takes back the condition NetworkUnavailable that a cloud's controller set on this Node, once pods can be made. Keyed by kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::node_condition {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::node_condition
