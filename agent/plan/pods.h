// One sandbox to its link, filters, map entries, routes and record. Keys are those of Sandboxes.
#pragma once

#include "plan/plan.h"

namespace plan::pods {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::pods
