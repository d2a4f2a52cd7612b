// The thinking half of the engine: folds facts into the tables, finds the keys whose inputs changed, and calls their planners.
// It has no threads, clock or kernel; the verb plan and the tests drive it as the agent does.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/agenda.h"
#include "engine/derived_rows.h"
#include "model/effect.h"
#include "model/fact.h"
#include "plan/plan.h"

namespace engine {

class Planning {
 public:
  using RowSink = std::function<void(const model::Owner& owner, std::vector<model::desired::Row> rows)>;

  Planning(model::Identity identity, std::span<const plan::Feature> features);

  void fold(const std::vector<model::Change>& changes);
  // Plans every key that is due. The sink gets all rows of a planned key: what it asserted before and does not now is void.
  void run(base::BootTime now, const RowSink& sink);

  const model::Snapshot& snapshot() const { return snapshot_; }
  const model::Table<model::KeyProblems>& problems() const { return problems_; }
  const model::Table<model::KeyNotes>& notes() const { return notes_; }
  uint64_t planner_calls() const { return planner_calls_; }
  // When a key is to be planned: at once, as long as one is due, else when the first asked to be.
  std::optional<base::BootTime> next_wake() const { return agenda_.next(snapshot_.now); }

 private:
  void fold_one(const model::Change& change);
  void plan_key(size_t feature, const std::string& key, const RowSink& sink);

  model::Snapshot snapshot_;
  std::span<const plan::Feature> features_;
  Agenda agenda_;
  DerivedRows derived_;
  model::Table<model::KeyProblems> problems_;
  model::Table<model::KeyNotes> notes_;
  uint64_t planner_calls_ = 0;
};

}  // namespace engine
