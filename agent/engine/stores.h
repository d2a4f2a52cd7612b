// The real stores of an agent, one per kind of desired row.
#pragma once

#include "io/http/health_checks.h"
#include "model/snapshot.h"
#include "reconcile/reconciler.h"

namespace engine {

// Where statuses go: io::files::StatusFiles with --manifests, io::kube::StatusPatches with an API server.
using StatusStore = std::unique_ptr<io::Store<model::desired::StatusPatch>>;

reconcile::Stores kernel_stores(const model::Identity& identity, StatusStore statuses, io::http::HealthChecks::Answer health_answer,
                                io::http::Answer metrics_answer);

}  // namespace engine
