// The engine without its threads: facts in, tables, planners, reconciler, answers out. One thread owns it; time is a parameter.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/planning.h"
#include "engine/service_sync.h"
#include "reconcile/reconciler.h"

namespace engine {

class Core {
 public:
  Core(model::Identity identity, std::span<const plan::Feature> features, reconcile::Stores stores, base::BootTime now);

  void fold(model::Fact fact);
  // One turn: plans what changed, writes what differs, answers those whose rows are in force.
  void pass(base::BootTime now);
  // One slow removal, for when no fact waits. Returns whether more are left.
  bool remove_slow(base::BootTime now);
  std::optional<base::BootTime> next_wake() const;
  std::shared_ptr<const model::Published> publish(base::BootTime now);
  // Whether an ADD could be served now; else why not.
  base::Result<void> serving() const;

 private:
  void take(const model::Changes& changes);
  void take(model::SandboxRequest request);
  void take(model::HostChanged hint);
  void read_actual_if_due(base::BootTime now);
  void write(base::BootTime now);
  bool answer_waiters();
  // The answer, or nullopt while the sandbox's rows are still being written.
  std::optional<base::Result<model::SandboxReply>> answer(const std::string& sandbox);
  reconcile::Gate gate() const;

  Planning planning_;
  ServiceSyncCounts service_sync_;
  reconcile::Reconciler reconciler_;
  std::map<std::string, model::SandboxWaiter> waiters_;  // by sandbox
  base::BootTime read_all_at_{};
  std::optional<base::BootTime> read_network_at_;
  model::Published published_;
  uint64_t passes_ = 0;
};

}  // namespace engine
