#include "io/kernel/flow_table.h"

#include <time.h>

#include "io/kernel/bpf_hash.h"
#include "io/kernel/map_entries.h"

namespace io::kernel {
namespace {

class PinnedFlowTable final : public FlowTable {
 public:
  PinnedFlowTable(base::Fd map, MapShape shape, HashMap<flow_key, flow> entries)
      : map_(std::move(map)), shape_(shape), entries_(std::move(entries)) {}

  base::Result<bool> each(base::Millis at_most, const FlowStep& step) override {
    return each_for(map_.get(), shape_, at_most, [&](const void* key, const void* value) {
      step(*static_cast<const flow_key*>(key), *static_cast<const flow*>(value));
    });
  }
  base::Result<std::optional<flow>> find(const flow_key& key) override { return entries_.find(key); }
  uint64_t now_ns() override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

 private:
  base::Fd map_;
  MapShape shape_;
  HashMap<flow_key, flow> entries_;
};

}  // namespace

base::Result<std::unique_ptr<FlowTable>> open_flow_table(const std::string& bpf_root) {
  base::Fd map = TRY(open_map(bpf_root, "flows"));
  const MapShape shape = TRY(shape_of(map.get()));
  if (shape.key_size != sizeof(flow_key) || shape.value_size != sizeof(flow)) return base::Error{EINVAL, "map flows: of another layout"};
  return std::unique_ptr<FlowTable>(
      std::make_unique<PinnedFlowTable>(std::move(map), shape, TRY((HashMap<flow_key, flow>::open(bpf_root, "flows")))));
}

flow_key other_key(const flow_key& key, const flow& entry) {
  const bool departs = key.way == FLOW_DEPARTS;
  return {.source = departs ? key.destination : entry.address,
          .destination = departs ? entry.address : key.source,
          .source_port_be = departs ? key.destination_port_be : entry.port_be,
          .destination_port_be = departs ? entry.port_be : key.source_port_be,
          .protocol = key.protocol,
          .way = static_cast<__u8>(departs ? FLOW_ARRIVES : FLOW_DEPARTS),
          .zero = 0};
}

}  // namespace io::kernel
