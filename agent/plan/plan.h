// The product's table of contents: every feature, with the question which of its keys a changed row touches and the pure function that
// plans one key. Nothing here sees a clock, a file or the kernel.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "model/fact.h"
#include "model/planned.h"
#include "model/snapshot.h"

namespace plan {

// One row of any table, before and after a change.
struct Touched {
  model::Change before;  // null row: it is new
  model::Change after;   // null row: it is gone

  template <class Row>
  bool is() const {
    return std::holds_alternative<model::RowChange<Row>>(after);
  }
  template <class Row>
  const std::string& key() const {
    return std::get<model::RowChange<Row>>(after).key;
  }
  template <class Row>
  const Row* old_row() const {
    return std::get<model::RowChange<Row>>(before).row.get();
  }
  template <class Row>
  const Row* new_row() const {
    return std::get<model::RowChange<Row>>(after).row.get();
  }
};

using Keys = std::set<std::string>;

struct Feature {
  std::string_view name;
  // Adds the keys whose plan may differ after the change. The snapshot already holds it.
  void (*keys_for)(const Touched& touched, const model::Snapshot& snapshot, Keys& keys);
  // A key of which nothing is left gives no rows.
  model::Planned (*plan)(const std::string& key, const model::Snapshot& snapshot);
};

// In the order in which they are planned: a feature may read what an earlier one allocated in the same pass.
std::span<const Feature> features();

// The key of features that have only one.
inline const std::string kNodeKey = "node";

}  // namespace plan
