// The real stores of an agent, one per kind of desired row.
#pragma once

#include "model/snapshot.h"
#include "reconcile/reconciler.h"

namespace engine {

reconcile::Stores kernel_stores(const model::Identity& identity);

}  // namespace engine
