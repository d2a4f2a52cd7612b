// The one hand that writes. Holds a target per kind of desired row in the order of model::desired::Row: additions run first kind to
// last, removals last to first, and removals only where the gate is open. Rows, not their meaning, are all it knows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/desired/rows.h"
#include "model/effect.h"
#include "reconcile/gate.h"
#include "reconcile/target.h"

namespace reconcile {

template <class Row>
using StorePtr = std::unique_ptr<io::Store<Row>>;
using Stores = model::desired::Kinds::Tuple<StorePtr>;

class Reconciler {
 public:
  explicit Reconciler(Stores stores);

  // Replaces all that the owner asked for.
  void assert_rows(const model::Owner& owner, std::vector<model::desired::Row> rows);
  // Reads what is there, and whatever is to be read again after a failure. kNetwork: only what netlink tells of.
  enum class Extent { kAll, kNetwork, kFailed };
  void read_actual(Extent extent, base::BootTime now);
  std::optional<base::BootTime> next_read() const;
  std::vector<model::Problem> unreadable() const;  // one per kind that could not be read
  // Writes what is due: additions, then removals of rows that a packet or a reader could still meet.
  void apply(base::BootTime now, const Gate& gate);
  // Takes away links, filters and programs (each waits for RCU under RTNL, 13 to 17 ms), at most one per call, so that additions
  // can come between. Returns whether more are left.
  bool remove_slow(base::BootTime now, const Gate& gate);

  std::optional<base::BootTime> next_retry(const Gate& gate) const;
  // nullopt: all rows of the owner are in force. Else the first error, or "" where something is still to be written.
  std::optional<std::string> unsettled(const model::Owner& owner) const;
  // The first row of the kind that the owner asked for and got; null: there is none.
  template <class Row>
  std::shared_ptr<const Row> first_of(const model::Owner& owner) const {
    return std::get<Target<Row>>(targets_).first_of(owner);
  }
  void report(model::Effects& effects, model::Table<model::KeyProblems>& problems);
  const Counters& counters() const { return counters_; }

 private:
  model::desired::Kinds::Tuple<Target> targets_;
  Counters counters_;
};

}  // namespace reconcile
