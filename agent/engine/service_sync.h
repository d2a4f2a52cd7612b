// Counts how this node follows the cluster's Services: beside the planning, from the same changes, on the engine's thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/fact.h"
#include "model/service_sync.h"
#include "model/snapshot.h"

namespace engine {

// Times are seconds since 1970 where nothing else is said: what the cluster's controllers write is by their clocks.
class ServiceSyncCounts {
 public:
  // Changes of Services that were triggered before `started` are not measured: they waited for this process.
  explicit ServiceSyncCounts(double started) : started_(started) {}

  // What is about to be laid on the tables, which `before` still shows without it.
  void note(const model::Changes& changes, const model::Snapshot& before, double now);
  // A pass that took so many seconds has written what it could. `unsettled` as reconcile::Reconciler says it of a Service's key,
  // `writes` its count of successful ones.
  using Unsettled = std::function<std::optional<std::string>(const std::string& service)>;
  void passed(double seconds, double now, uint64_t writes, const Unsettled& unsettled);

  const model::ServiceSync& counts() const { return counts_; }

 private:
  struct Trigger {
    base::Family family = base::Family::kIpv4;
    double at = 0;
  };
  void note_change(const model::RowChange<model::EndpointSlice>& change, const model::Snapshot& before, double now);
  void note_change(const model::RowChange<model::Service>& change, const model::Snapshot& before, double now);
  template <class Row>
  void note_change(const model::RowChange<Row>&, const model::Snapshot&, double) {}
  void queue(const std::string& service, double now);

  double started_;
  model::ServiceSync counts_;
  std::map<std::string, std::vector<Trigger>> pending_;  // Services that are not in the kernel yet as they changed
  bool noted_ = false;                                   // since the last pass
  uint64_t writes_ = 0;
};

}  // namespace engine
