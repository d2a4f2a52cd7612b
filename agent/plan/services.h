// One Service with its EndpointSlices to frontends and backends. Keys are those of Services.
#pragma once

#include "plan/plan.h"

namespace plan::services {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::services
