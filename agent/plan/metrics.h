// Where this agent's metrics are scraped: at every address of the node.
#pragma once

#include "plan/plan.h"

namespace plan::metrics {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::metrics
