// What `plan` shows: every desired row and every problem that planners make of a set of rows, in an order that depends on nothing else.
#pragma once

#include <string>
#include <vector>

#include "model/effect.h"
#include "model/fact.h"

namespace engine {

struct OwnedRow {
  model::Owner owner;
  model::desired::Row row;
};

struct PlanReport {
  std::vector<OwnedRow> rows;      // by kind in order of writing, then by key
  std::vector<std::string> notes;  // "FEATURE KEY: TEXT"
  std::vector<model::Problem> problems;
};

PlanReport plan_report(model::Identity identity, const model::Changes& changes);

// One line per row: "KIND KEY name=value ...", then notes, problems last.
std::string render_text(const PlanReport& report);
std::string render_json(const PlanReport& report);

}  // namespace engine
