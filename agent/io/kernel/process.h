// What the kernel says about this process.
#pragma once

#include <cstdint>
#include <string>

namespace io::kernel {

uint64_t resident_bytes();  // 0 where /proc cannot be read
std::string host_name();    // of the UTS namespace

// What this process has of the machine; all zero where /proc cannot be read.
struct ProcessUse {
  double cpu_seconds = 0;  // of user and kernel, of all threads since the start
  double started = 0;      // seconds since 1970
  uint64_t resident_bytes = 0, virtual_bytes = 0;
  uint64_t open_descriptors = 0, most_descriptors = 0;
};
ProcessUse own_use();

}  // namespace io::kernel
