// What status shows of the process and the kernel around it, beside what the engine published.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/kernel/capabilities.h"
#include "io/kernel/packet_counters.h"
#include "status/kernel_settings.h"
#include "status/use_cache.h"

namespace status {

struct Surroundings {
  uint64_t resident_bytes = 0;
  std::optional<io::kernel::Capabilities> capabilities;
  std::vector<KernelSetting> kernel_settings;
  std::optional<io::kernel::PacketCounters> packets;  // nullopt: no datapath is loaded
  std::shared_ptr<const io::kernel::Use> use = {};    // null: likewise, or not measured yet
};

Surroundings look_around(const std::string& bpf_root, UseCache& use);

}  // namespace status
