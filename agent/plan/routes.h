// Direct routes to a peer's pod CIDRs by the peer's own address, where nobody else routes them, and none for the unused addresses of this
// node's. Keys are node names.
#pragma once

#include "plan/plan.h"

namespace plan::routes {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::routes
