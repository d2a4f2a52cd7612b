// How many entries each map of the datapath has: by the node's memory, or as configured. One key: kNodeKey.
#pragma once

#include "plan/plan.h"

namespace plan::map_sizes {

// By name. A map that is not among them has the size that it is declared with.
std::vector<model::desired::MapSize> sizes(const model::Snapshot& snapshot);

// Bytes of the kernel's memory that maps of these sizes take when they are made (kernel/bpf/hashtab.c and arraymap.c, map_mem_usage).
// Frontends and nodes' addresses take kBytesInUse more each when they come.
uint64_t memory_of(const std::vector<model::desired::MapSize>& sizes);
constexpr uint64_t kBytesInUse = 88;

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
model::Planned plan(const std::string& key, const model::Snapshot& snapshot);

}  // namespace plan::map_sizes
