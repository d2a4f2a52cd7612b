// One Service with its EndpointSlices to frontends and backends. Keys are those of Services.
#pragma once

#include "plan/plan.h"

namespace plan::services {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

// By its labels another proxy serves it, or none (KEP-2447, KEP-4427).
bool left_to_others(const model::Service& service, const model::Config& config);

}  // namespace plan::services
