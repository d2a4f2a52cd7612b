// The addresses a sandbox holds. plan/ipam is the only maker; it reads the table it writes: the one feedback edge in the house.
#pragma once

#include <vector>

#include "base/ip.h"

namespace model {

struct Allocation {
  std::vector<base::Ip> addresses;  // at most one per family

  bool operator==(const Allocation&) const = default;
};

}  // namespace model
