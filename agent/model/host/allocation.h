// The addresses that a sandbox holds, or held until lately. plan/ipam is the only maker; it reads the table it writes: the one feedback
// edge in the house.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "model/table_facts.h"

namespace model {

struct Allocation {
  static constexpr TableFacts kTable{"allocations", "sandbox", "Addresses that sandboxes hold, or held until lately."};
  std::vector<base::Ip> addresses;      // at most one per family
  std::optional<base::BootTime> freed;  // since when they rest, their sandbox being gone; nullopt: it holds them

  bool operator==(const Allocation&) const = default;
};

}  // namespace model
