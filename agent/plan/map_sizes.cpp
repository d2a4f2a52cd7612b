#include "plan/map_sizes.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "plan/node.h"

namespace plan::map_sizes {
namespace {

using model::desired::MapSize;

// What an entry costs. Of a hash also a bucket each, and there is a power of two of them.
struct Cost {
  uint32_t bytes = 0;  // of its room
  bool in_hash = false;
};
constexpr Cost preallocated(uint32_t key, uint32_t value) { return {48 + key + value, true}; }  // bytes, as multiples of 8
constexpr Cost in_array(uint32_t value) { return {value, false}; }
constexpr Cost hash_by_use{0, true};
constexpr Cost by_use{};
constexpr uint64_t kBucketBytes = 16;

// One entry per so many bytes of the node's memory, within bounds: a board of 1 GiB spends some 5 MiB on all of them together. The kernel
// clears a map when it makes it (a million empty buckets of frontends are 16 ms of a start, half a million flows 30), so the upper
// bounds have room for 10,000 Services of three ports in both families, and not for more without being told.
struct Formula {
  const char* map;
  uint64_t memory_per_entry;
  uint32_t least, most;
  uint32_t per_configured;  // entries for each of bpf.lbMapMax; 0: that key does not speak of this map
  Cost cost;
};
constexpr Formula kFormulas[] = {
    {"affinities", 256 << 10, 1, 32 << 10, 1, preallocated(16, 32)},                // one per pod and Service that it calls
    {"arrival_affinities", 256 << 10, 1 << 10, 64 << 10, 1, preallocated(24, 32)},  // one per client outside and Service that it calls
    {"backends", 64 << 10, 32 << 10, 256 << 10, 1, in_array(24)},
    {"flows", 64 << 10, 16 << 10, 512 << 10, 0, preallocated(40, 32)},  // two for each connection between pods and the world
    {"fragments", 1 << 20, 1 << 10, 8 << 10, 0, preallocated(40, 8)},   // one for each datagram in pieces that is on its way
    {"frontend_addresses", 1 << 20, 4 << 10, 4 << 10, 0, in_array(8)},  // bits of a hash
    {"frontend_sets", 64 << 10, 64 << 10, 256 << 10, 4, hash_by_use},   // cluster IPs of one family, others' addresses, node ports
    {"masquerade_sources", 1 << 20, 256, 256, 0, preallocated(8, 24)},  // one for each uplink and family
    {"node_addresses", 128 << 10, 16 << 10, 64 << 10, 0, hash_by_use},  // a few for each node of the cluster
    {"pod_sources", 1 << 20, 1 << 10, 4 << 10, 0, preallocated(24, 8)},
    {"pods", 1 << 20, 1 << 10, 4 << 10, 0, preallocated(16, 16)},
    {"service_sets", 64 << 10, 16 << 10, 128 << 10, 1, in_array(8)},
    {"set_hashes", 64 << 10, 16 << 10, 128 << 10, 1, in_array(8)},
    {"set_options", 64 << 10, 16 << 10, 128 << 10, 1, in_array(8)},
    {"set_slots", 32 << 10, 128 << 10, 1 << 20, 4, in_array(8)},
    {"source_ranges", 128 << 10, 16 << 10, 128 << 10, 1, by_use},  // loadBalancerSourceRanges
    {"unmasqueraded", 128 << 10, 16 << 10, 128 << 10, 0, by_use},  // as many as nodes have addresses and pod CIDRs
};
constexpr double kUsualRatio = 0.0025;  // bpf.mapDynamicSizeRatio where nothing is said, in Cilium too

// What Cilium has three tables for. Two entries are a flow, whatever it is translated to.
uint32_t configured_flows(const model::Config& config) { return std::max(2 * (config.ct_tcp_max + config.ct_any_max), config.nat_max); }

uint32_t entries(const Formula& formula, const model::Config& config, uint64_t memory_bytes) {
  if (config.lb_map_max && formula.per_configured) return config.lb_map_max * formula.per_configured;
  if (const uint32_t flows = configured_flows(config); flows && formula.map == std::string_view("flows")) return flows;
  const double ratio = config.map_ratio > 0 ? config.map_ratio / kUsualRatio : 1;
  const auto share = static_cast<uint64_t>(static_cast<double>(memory_bytes) * ratio);
  return static_cast<uint32_t>(std::clamp<uint64_t>(share / formula.memory_per_entry, formula.least, formula.most));
}

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

std::vector<MapSize> sizes(const model::Snapshot& snapshot) {
  std::vector<MapSize> sizes;
  for (const auto& formula : kFormulas) sizes.push_back({formula.map, entries(formula, snapshot.config(), snapshot.identity.memory_bytes)});
  return sizes;
}

uint64_t memory_of(const std::vector<MapSize>& sizes) {
  uint64_t bytes = 0;
  for (const auto& size : sizes)
    for (const auto& formula : kFormulas) {
      if (size.map != formula.map) continue;
      bytes += uint64_t{size.entries} * formula.cost.bytes + (formula.cost.in_hash ? kBucketBytes * std::bit_ceil(size.entries) : 0);
    }
  return bytes;
}

void keys_for(const Touched& touched, const model::Snapshot&, Keys& keys) {
  if (touched.is<model::Config>() || changes_knowledge(touched)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!configured(snapshot)) return planned;
  auto wanted = sizes(snapshot);
  const uint64_t has = snapshot.identity.memory_bytes, needs = memory_of(wanted);
  if (has && needs > has / 4)
    planned.problems.push_back({"map sizes", "the maps take " + mebibytes(needs) + " of the node's " + mebibytes(has) + " of memory",
                                "set bpf.lbMapMax, bpf.ctTcpMax, bpf.ctAnyMax, bpf.natMax or bpf.mapDynamicSizeRatio lower"});
  for (auto& size : wanted) planned.rows.push_back(std::move(size));
  return planned;
}

}  // namespace plan::map_sizes
