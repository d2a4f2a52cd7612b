// The BPF object and its programs' attachments: sockets on the cgroup root, uplinks by tcx. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::programs {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::programs
