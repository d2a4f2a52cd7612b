// What status shows of the process and the kernel around it, beside what the engine published.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/kernel/capabilities.h"
#include "io/kernel/packet_counters.h"
#include "status/kernel_settings.h"

namespace status {

struct Surroundings {
  uint64_t resident_bytes = 0;
  std::optional<io::kernel::Capabilities> capabilities;
  std::vector<KernelSetting> kernel_settings;
  std::optional<io::kernel::PacketCounters> packets;  // nullopt: no datapath is loaded
};

Surroundings look_around(const std::string& bpf_root);

}  // namespace status
