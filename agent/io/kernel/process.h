// What the kernel says about this process.
#pragma once

#include <cstdint>

namespace io::kernel {

uint64_t resident_bytes();          // 0 where /proc cannot be read
uint64_t effective_capabilities();  // bit N is capability N of linux/capability.h

}  // namespace io::kernel
