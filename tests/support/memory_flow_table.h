// The map of flows in memory.
#pragma once

#include <cstring>
#include <vector>

#include "io/kernel/flow_table.h"
#include "model/abi_address.h"
#include "support/builders.h"

namespace support {

struct FlowMemory {
  std::vector<std::pair<flow_key, flow>> entries;
  uint64_t now_ns = 1'000'000'000'000;
  size_t stops_after = SIZE_MAX;  // entries: then the time is over

  // Both entries, as programs make them: `source` calls `destination` and gets `address` and `port` in the place of one of them.
  void open(flow_way way, uint8_t protocol, const std::string& source, uint16_t source_port, const std::string& destination,
            uint16_t destination_port, const std::string& address, uint16_t port, flow_state state = FLOW_ESTABLISHED,
            uint64_t idle_seconds = 0) {
    flow_key key{model::to_abi(ip(source)),
                 model::to_abi(ip(destination)),
                 htobe16(source_port),
                 htobe16(destination_port),
                 protocol,
                 static_cast<uint8_t>(way),
                 0};
    flow there{model::to_abi(ip(address)),           htobe16(port), static_cast<uint8_t>(state), FLOW_OPENER, 0, 0,
               now_ns - idle_seconds * 1'000'000'000};
    const bool departs = way == FLOW_DEPARTS;
    const bool same = ip(address) == ip(departs ? source : destination) && port == (departs ? source_port : destination_port);
    there.address_difference = there.port_difference = same ? 0 : 7;
    flow back{departs ? key.source : key.destination,
              departs ? key.source_port_be : key.destination_port_be,
              there.state,
              0,
              there.address_difference,
              there.port_difference,
              there.used_ns};
    entries.emplace_back(key, there);
    entries.emplace_back(io::kernel::other_key(key, there), back);
  }
};

class MemoryFlowTable final : public io::kernel::FlowTable {
 public:
  explicit MemoryFlowTable(const FlowMemory& memory) : memory_(memory) {}

  base::Result<bool> each(base::Millis, const io::kernel::FlowStep& step) override {
    for (size_t i = 0; i < std::min(memory_.entries.size(), memory_.stops_after); ++i)
      step(memory_.entries[i].first, memory_.entries[i].second);
    return memory_.entries.size() <= memory_.stops_after;
  }
  base::Result<std::optional<flow>> find(const flow_key& key) override {
    for (const auto& [other, entry] : memory_.entries)
      if (std::memcmp(&other, &key, sizeof key) == 0) return std::optional(entry);
    return std::optional<flow>();
  }
  uint64_t now_ns() override { return memory_.now_ns; }

 private:
  const FlowMemory& memory_;
};

}  // namespace support
