// What the kernel says about this process.
#pragma once

#include <cstdint>
#include <string>

namespace io::kernel {

uint64_t resident_bytes();  // 0 where /proc cannot be read
std::string host_name();    // of the UTS namespace

}  // namespace io::kernel
