#include "io/kernel/process.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace io::kernel {

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t effective_capabilities() {
  std::ifstream status("/proc/self/status");
  std::string word;
  uint64_t bits = 0;
  while (status >> word)
    if (word == "CapEff:" && status >> std::hex >> bits) break;
  return bits;
}

}  // namespace io::kernel
