// Map `flows` as it is while somebody looks: programs write to it meanwhile. The pinned map is complete also while it is migrated to
// another size (io/kernel/map_kinds.h), so no other is read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "abi/flows.h"
#include "base/clock.h"
#include "base/result.h"

namespace io::kernel {

using FlowStep = std::function<void(const flow_key& key, const flow& entry)>;

class FlowTable {
 public:
  virtual ~FlowTable() = default;
  // Each entry once; one that comes or goes meanwhile may be seen or not. False: it stopped after that time, and has not seen all.
  virtual base::Result<bool> each(base::Millis at_most, const FlowStep& step) = 0;
  virtual base::Result<std::optional<flow>> find(const flow_key& key) = 0;
  virtual uint64_t now_ns() = 0;  // by the clock of flow::used_ns
};

// ENOENT: no datapath is loaded.
base::Result<std::unique_ptr<FlowTable>> open_flow_table(const std::string& bpf_root);

// The key of the other entry of its flow.
flow_key other_key(const flow_key& key, const flow& entry);

}  // namespace io::kernel
