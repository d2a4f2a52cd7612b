// The addresses a sandbox holds. plan/ipam is the only maker; it reads the table it writes: the one feedback edge in the house.
#pragma once

#include <vector>

#include "base/ip.h"
#include "model/table_facts.h"

namespace model {

struct Allocation {
  static constexpr TableFacts kTable{"allocations", "sandbox", "Addresses that sandboxes hold."};
  std::vector<base::Ip> addresses;  // at most one per family

  bool operator==(const Allocation&) const = default;
};

}  // namespace model
