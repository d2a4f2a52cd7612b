// The engine's side of what is known: each desired or found thing with its outcome, and what planners had to say.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/desired/rows.h"
#include "model/outcome.h"
#include "model/owner.h"
#include "model/problem.h"
#include "model/service_sync.h"
#include "model/snapshot.h"

namespace model {

// One thing that reconcile looks after. A kDone row without `desired` waits for its sources before removal.
struct Effect {
  Owner owner;                 // of nobody when no planner asks for it
  desired::SharedRow desired;  // null: nobody asks for it
  Outcome outcome;
  desired::SharedRow there = {};  // as last read or written; null: nothing is

  bool operator==(const Effect&) const = default;
};

// A table for each kind of desired row, keyed as the rows are: whoever asks for some kinds walks no others.
class Effects {
 public:
  template <class Row>
  Table<Effect>& of() {
    return tables_[desired::Kinds::index_of<Row>()];
  }
  template <class Row>
  const Table<Effect>& of() const {
    return tables_[desired::Kinds::index_of<Row>()];
  }
  // visit(name of the kind, key, effect) for each.
  template <class Visit>
  void each(Visit visit) const {
    desired::Kinds::each([&]<class Row>(std::type_identity<Row>) {
      for (const auto& [key, effect] : of<Row>()) visit(Row::kKind, key, *effect);
    });
  }

 private:
  std::array<Table<Effect>, desired::Kinds::kCount> tables_;
};

// Problems of one planner key, keyed "FEATURE KEY".
struct KeyProblems {
  std::vector<Problem> problems;

  bool operator==(const KeyProblems&) const = default;
};

// Notes of one planner key, keyed "FEATURE KEY".
struct KeyNotes {
  std::vector<std::string> notes;

  bool operator==(const KeyNotes&) const = default;
};

// Counters since the agent's start.
struct EngineCounters {
  uint64_t passes = 0;  // turns of the loop
  uint64_t planner_calls = 0;
  uint64_t writes = 0;  // put and remove calls of stores that succeeded
  uint64_t failed_writes = 0;
};

// What status shows and nobody else needs: published whole after each pass by swapping a pointer.
struct Published {
  Snapshot snapshot;
  Effects effects;
  Table<KeyProblems> problems;  // of planners, and what could not be read
  Table<KeyNotes> notes;
  Table<KeyProblems> conflicts;  // rows that two owners ask for
  EngineCounters counters;
  ServiceSync service_sync = {};
  base::BootTime started{};
  base::BootTime first_ready{};  // zero: not yet
  // Since when what all pods depend on is not as wanted; nullopt: it is. See status::is_programmed().
  std::optional<base::BootTime> unprogrammed_since = {};
};

}  // namespace model
