// What a planner says about one key.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/desired/rows.h"
#include "model/host/allocation.h"
#include "model/problem.h"

namespace model {

struct Planned {
  std::vector<desired::Row> rows;
  std::vector<Problem> problems;
  std::vector<std::string> notes;         // shown in the row of that key; nobody has to do anything about them
  std::optional<base::BootTime> wake_at;  // plan this key again then, whatever happens
  std::optional<Allocation> allocation;   // plan/ipam only
};

}  // namespace model
