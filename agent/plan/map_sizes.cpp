#include "plan/map_sizes.h"

#include <algorithm>

#include "plan/node.h"

namespace plan::map_sizes {
namespace {

using model::desired::MapSize;

// One entry per so many bytes of the node's memory, within bounds: a board of 1 GiB spends some 5 MiB on all of them together. The kernel
// clears a map when it makes it (a million empty buckets of frontends are 16 ms of a start), so the upper
// bounds have room for 10,000 Services of three ports in both families, and not for more without being told.
struct Formula {
  const char* map;
  uint64_t memory_per_entry;
  uint32_t least, most;
  uint32_t per_configured;  // entries for each of bpf.lbMapMax; 0: that key does not speak of this map
};
constexpr Formula kFormulas[] = {
    {"affinities", 256 << 10, 1, 32 << 10, 1},                // one per pod and Service that it calls
    {"arrival_affinities", 256 << 10, 1 << 10, 64 << 10, 1},  // one per client outside and Service that it calls
    {"backends", 64 << 10, 32 << 10, 256 << 10, 1},
    {"flows", 64 << 10, 16 << 10, 128 << 10, 0},           // two for each connection between pods and the world
    {"fragments", 1 << 20, 1 << 10, 8 << 10, 0},           // one for each datagram in pieces that is on its way
    {"frontend_addresses", 1 << 20, 4 << 10, 4 << 10, 0},  // bits of a hash
    {"frontend_sets", 64 << 10, 64 << 10, 256 << 10, 4},   // cluster IPs of one family, external and ingress addresses, node ports
    {"masquerade_sources", 1 << 20, 256, 256, 0},          // one for each uplink and family
    {"node_addresses", 128 << 10, 16 << 10, 64 << 10, 0},  // a few for each node of the cluster
    {"pod_sources", 1 << 20, 1 << 10, 4 << 10, 0},
    {"pods", 1 << 20, 1 << 10, 4 << 10, 0},
    {"service_sets", 64 << 10, 16 << 10, 128 << 10, 1},
    {"set_hashes", 64 << 10, 16 << 10, 128 << 10, 1},
    {"set_options", 64 << 10, 16 << 10, 128 << 10, 1},
    {"set_slots", 32 << 10, 128 << 10, 1 << 20, 4},
    {"source_ranges", 128 << 10, 16 << 10, 128 << 10, 1},  // loadBalancerSourceRanges; no memory until they are there
    {"unmasqueraded", 128 << 10, 16 << 10, 128 << 10, 0},  // as many as nodes have addresses and pod CIDRs; no memory until they are there
};
constexpr double kUsualRatio = 0.0025;  // bpf.mapDynamicSizeRatio where nothing is said, in Cilium too

uint32_t entries(const Formula& formula, const model::Config& config, uint64_t memory_bytes) {
  if (config.lb_map_max && formula.per_configured) return config.lb_map_max * formula.per_configured;
  const double ratio = config.map_ratio > 0 ? config.map_ratio / kUsualRatio : 1;
  const auto share = static_cast<uint64_t>(static_cast<double>(memory_bytes) * ratio);
  return static_cast<uint32_t>(std::clamp<uint64_t>(share / formula.memory_per_entry, formula.least, formula.most));
}

}  // namespace

std::vector<MapSize> sizes(const model::Snapshot& snapshot) {
  std::vector<MapSize> sizes;
  for (const auto& formula : kFormulas) sizes.push_back({formula.map, entries(formula, snapshot.config(), snapshot.identity.memory_bytes)});
  return sizes;
}

void keys_for(const Touched& touched, const model::Snapshot&, Keys& keys) {
  if (touched.is<model::Config>() || changes_knowledge(touched)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!configured(snapshot)) return planned;
  for (auto& size : sizes(snapshot)) planned.rows.push_back(std::move(size));
  return planned;
}

}  // namespace plan::map_sizes
