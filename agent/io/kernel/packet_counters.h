// Maps `drops` and `deliveries`: what the programs have counted since the maps were made, on all CPUs together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace io::kernel {

struct PacketCounters {
  std::vector<uint64_t> drops;       // by enum drop_reason: packets or refused calls
  std::vector<uint64_t> deliveries;  // by enum delivery: packets
};

// ENOENT: the maps are not pinned.
base::Result<PacketCounters> read_packet_counters(const std::string& bpf_root);

}  // namespace io::kernel
