// What a planner says about one key.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/change.h"
#include "model/desired/rows.h"
#include "model/problem.h"

namespace model {

struct Planned {
  std::vector<desired::Row> rows;
  std::vector<Problem> problems;
  std::vector<std::string> notes;         // shown in the row of that key; nobody has to do anything about them
  std::optional<base::BootTime> wake_at;  // plan this key again then, whatever happens
  std::vector<Change> derived;            // rows, none gone, for the tables that later features read; owned as rows above are
};

}  // namespace model
