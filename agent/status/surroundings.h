// What status shows of the process and the kernel around it, beside what the engine published.
#pragma once

#include <cstdint>
#include <vector>

#include "io/kernel/capabilities.h"
#include "status/kernel_settings.h"

namespace status {

struct Surroundings {
  uint64_t resident_bytes = 0;
  io::kernel::Capabilities capabilities;
  std::vector<KernelSetting> kernel_settings;
};

Surroundings look_around();

}  // namespace status
