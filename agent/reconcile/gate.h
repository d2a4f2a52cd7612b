// Which sources must have synced before a row of a kind may be removed: nothing is deleted because a source was slow.
#pragma once

#include <bitset>
#include <type_traits>

#include "model/desired/rows.h"
#include "model/source_status.h"

namespace reconcile {

class Gate {
 public:
  void open(model::SourceId source) { synced_.set(static_cast<size_t>(source)); }

  template <class Row>
  bool may_remove() const {
    using enum model::SourceId;
    using namespace model::desired;
    constexpr bool of_pods = std::is_same_v<Row, SandboxRecord> || std::is_same_v<Row, PodLink> || std::is_same_v<Row, Filter> ||
                             std::is_same_v<Row, PodEntry> || std::is_same_v<Row, Neighbor>;
    if constexpr (of_pods) return synced(kSandboxes) && synced(kCanary) && synced(kSettings);
    return synced_.all();
  }

 private:
  bool synced(model::SourceId source) const { return synced_.test(static_cast<size_t>(source)); }

  std::bitset<model::kSourceCount> synced_;
};

}  // namespace reconcile
