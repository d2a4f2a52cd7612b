// Kernel settings that decide how well, or whether, ichor works, judged: what is there, what it means, what to do. For /status and check.
#pragma once

#include <string>
#include <vector>

namespace status {

struct KernelSetting {
  std::string name;   // "net.core.bpf_jit_harden"
  std::string value;  // "" when it cannot be read
  bool good = true;   // as it should be, or unknown
  std::string text;   // what it means when it is not good, or why it cannot be read
  std::string remedy;
};

// Those under net are of the calling thread's network namespace.
std::vector<KernelSetting> kernel_settings(const std::string& root = "/proc/sys");

}  // namespace status
