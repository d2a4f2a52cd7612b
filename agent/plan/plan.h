// The product's table of contents: every feature, with the question which of its keys a changed row touches and the pure function that
// plans one key. Nothing here sees a clock, a file or the kernel.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "model/change.h"
#include "model/planned.h"
#include "model/snapshot.h"

namespace plan {

using model::Touched;
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
