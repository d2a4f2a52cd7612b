// The addresses that a sandbox holds, or held until lately. plan/ipam is the only maker; it reads the table it writes: the one feedback
// edge in the house.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace model {

struct Allocation {
  std::vector<base::Ip> addresses;      // at most one per family
  std::optional<base::BootTime> freed;  // since when they rest, their sandbox being gone; nullopt: it holds them

  bool operator==(const Allocation&) const = default;
};

}  // namespace model
