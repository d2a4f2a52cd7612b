#include "engine/service_sync.h"

#include <algorithm>

#include "base/text.h"

namespace engine {
namespace {

constexpr size_t kMostTriggers = 64;  // of one Service that cannot be written for long

// Written by the controller that makes the slice: when the pod or Service changed for whose sake it changes this time.
constexpr const char* kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

std::string trigger_of(const model::EndpointSlice* slice) {
  if (!slice) return "";
  auto annotation = slice->meta.annotations.find(kTriggerTime);
  return annotation == slice->meta.annotations.end() ? "" : annotation->second;
}

bool is_headless(const model::EndpointSlice& slice) { return slice.meta.labels.contains("service.kubernetes.io/headless"); }

template <class Row>
bool changes(const Row* old, const Row* now) {
  return old && now ? !(*old == *now) : old != now;
}

}  // namespace

void ServiceSyncCounts::note(const model::Changes& changes, const model::Snapshot& before, double now) {
  for (const auto& change : changes) std::visit([&](const auto& row) { note_change(row, before, now); }, change);
}

void ServiceSyncCounts::queue(const std::string& service, double now) {
  pending_.try_emplace(service);
  counts_.last_change = now;
  noted_ = true;
}

void ServiceSyncCounts::note_change(const model::RowChange<model::Service>& change, const model::Snapshot& before, double now) {
  if (!changes(before.table<model::Service>().find(change.key), change.row.get())) return;
  ++counts_.service_changes;
  queue(change.key, now);
  if (!change.row) pending_[change.key].clear();
}

// As kube-proxy does: a slice that goes takes along what was to be measured of its Service.
void ServiceSyncCounts::note_change(const model::RowChange<model::EndpointSlice>& change, const model::Snapshot& before, double now) {
  const model::EndpointSlice* old = before.table<model::EndpointSlice>().find(change.key);
  if (!changes(old, change.row.get())) return;
  ++counts_.endpoint_changes;
  const model::EndpointSlice& slice = change.row ? *change.row : *old;
  if (slice.service.empty() || is_headless(slice)) return;
  queue(slice.service, now);
  if (!change.row) return pending_[slice.service].clear();
  const std::string trigger = trigger_of(&slice);
  const auto at = base::utc_seconds(trigger);
  auto& triggers = pending_[slice.service];
  if (at && *at > started_ && trigger != trigger_of(old) && triggers.size() < kMostTriggers) triggers.push_back({slice.family, *at});
}

void ServiceSyncCounts::passed(double seconds, double now, uint64_t writes, const Unsettled& unsettled) {
  if (noted_) counts_.passes.observe(seconds);
  if (!noted_ && writes == writes_) return;
  noted_ = false;
  writes_ = writes;
  bool waiting = false;
  std::erase_if(pending_, [&](const auto& service) {
    if (const auto reason = unsettled(service.first)) {
      waiting = waiting || reason->empty();  // one that failed says so in its own row, and holds up nobody
      return false;
    }
    for (const auto& trigger : service.second) counts_.of(trigger.family).observe(std::max(0.0, now - trigger.at));
    return true;
  });
  if (!waiting) counts_.last_sync = now;
}

}  // namespace engine
