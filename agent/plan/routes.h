// Direct routes to a peer's pod CIDRs by the peer's own address. Keys are node names.
#pragma once

#include "plan/plan.h"

namespace plan::routes {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::routes
