// Which sources must have synced before a row of a kind may be removed: nothing is deleted because a source was slow.
#pragma once

#include "model/desired/rows.h"

namespace reconcile {

class Gate {
 public:
  void open(model::SourceId source) { synced_.add(source); }

  template <class Row>
  bool may_remove() const {
    return synced_.contains(Row::kFacts.sources);
  }

 private:
  model::SourceSet synced_;
};

}  // namespace reconcile
