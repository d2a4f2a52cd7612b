// The privileges that an agent keeps, and the way to be rid of all others. The list in capabilities.cpp is the only one: status shows it,
// check tries it, and tests/netns/boot_test.sh compares each thread with what status says.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace io::kernel {

struct Capability {
  int number;             // of linux/capability.h
  std::string_view name;  // without CAP_
  std::string_view reason;
};

std::span<const Capability> needed_capabilities();

// Sets of bits: bit N is capability N.
struct Capabilities {
  uint64_t effective = 0, permitted = 0, inheritable = 0, ambient = 0, bounding = 0;

  bool operator==(const Capabilities&) const = default;
};

// The calling process's main thread's; all empty where /proc cannot be read.
Capabilities own_capabilities();

// Names of needed ones that are not in effect.
std::vector<std::string> missing_capabilities(const Capabilities& capabilities);

// No other than needed ones in any set, not even to be had again by executing something.
bool only_needed(const Capabilities& capabilities);

// The calling thread keeps of the needed ones those that it has, and nothing else in any set. Threads inherit, so this comes before the
// first is made. Without SETPCAP the bounding set stays as it is, which is the error: nothing is gained by it unless something is executed.
base::Result<void> drop_other_capabilities();

}  // namespace io::kernel
