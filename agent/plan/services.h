// One Service with its EndpointSlices to frontends and backends. Keys are those of Services.
#pragma once

#include "plan/plan.h"

namespace plan::services {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

// Labels by which a Service says that another proxy, or none, serves it (KEP-2447, KEP-4427).
bool left_to_others(const model::Service& service);

}  // namespace plan::services
