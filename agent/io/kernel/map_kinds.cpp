#include "io/kernel/map_kinds.h"

#include <algorithm>
#include <cstring>

#include "abi/config.h"
#include "abi/direct_delivery.h"
#include "abi/masquerade.h"

namespace io::kernel {
namespace {

// Version 1 was there where pods were masqueraded, and said the address alone.
void masquerade_source_of_v1(const void* key, const void* value, void* new_key, void* new_value) {
  masquerade_source source{.address = {}, .for_pods = 1, .zero = 0};
  std::memcpy(&source.address, value, sizeof source.address);
  std::memcpy(new_key, key, sizeof(masquerade_uplink));
  std::memcpy(new_value, &source, sizeof source);
}

// Version 1 did not say whether pods have addresses elsewhere: they may.
void direct_delivery_of_v1(const void* key, const void* value, void* new_key, void* new_value) {
  direct_delivery row;
  std::memcpy(&row, value, sizeof row);
  row.flags = DELIVERY_PODS_ELSEWHERE;
  std::memcpy(new_key, key, sizeof(uint32_t));
  std::memcpy(new_value, &row, sizeof row);
}

}  // namespace

std::span<const MapKind> map_kinds() {
  using enum Writer;
  static constexpr MapKind kKinds[] = {
      {"affinities", 1, kPrograms, 0x065caf837f3d89ae, MIGRATING_AFFINITIES},
      {"answer_budgets", 1, kCounters, 0x10306e89c6fc8400},
      {"arrival_affinities", 1, kPrograms, 0x7422b8a9b16eacc8, MIGRATING_ARRIVAL_AFFINITIES},
      {"backends", 1, kAgent, 0x648fcd930ddbf405},
      {"calling_pods", 1, kCounters, 0xc49ee7ed672295ab},
      {"crowded_destinations", 1, kCounters, 0x4b3c5a831ab83609},
      {"deliveries", 1, kCounters, 0xc2600c3d2d566e6f},
      {"direct_delivery", 2, kAgent, 0xf3183bcb193d91c2, 0, direct_delivery_of_v1, true},
      {"drops", 1, kCounters, 0xc2600c3d2d566e6f},
      {"flow_sweeper", 1, kSweeper, 0xcb1555d7c9347514, 0, nullptr, true},
      {"flows", 1, kPrograms, 0xfd76426ed7026489, MIGRATING_FLOWS},
      {"fragments", 1, kPrograms, 0x2e45e84796821968, MIGRATING_FRAGMENTS},
      {"frontend_addresses", 1, kAgent, 0x70793e94c70b3a46},
      {"frontend_sets", 1, kAgent, 0x5849afd1dfc51ba1},
      {"half_open", 1, kCounters, 0x6cefafb1ba1ee2d1},
      {"masquerade_sources", 2, kAgent, 0xa16a5161c812e8a9, 0, masquerade_source_of_v1},
      {"node_addresses", 1, kAgent, 0xdea82b948fa0424d},
      {"pod_sources", 1, kAgent, 0xbb1d09517f087213},
      {"pods", 1, kAgent, 0xc65352b4bca8221a},
      {"recently_inside", 1, kCounters, 0x00240f049f82220b},
      {"service_sets", 1, kAgent, 0x70793e94c70b3a46},
      {"set_hashes", 1, kAgent, 0x70793e94c70b3a46},
      {"set_options", 1, kAgent, 0x70793e94c70b3a46},
      {"set_slots", 1, kAgent, 0x79c1032e47f7879d},
      {"socket_peers", 1, kSockets, 0x8f1935cd965dbecd},
      {"source_ranges", 1, kAgent, 0x7feb22f4956d8f87},
      {"udp_peers", 1, kSockets, 0x8e86fd3189fa016a},
      {"unmasqueraded", 1, kAgent, 0x6618643d8c9d7c9f},
  };
  return kKinds;
}

const MapKind* find_kind(std::span<const MapKind> kinds, std::string_view name) {
  auto found = std::find_if(kinds.begin(), kinds.end(), [&](const MapKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::string pin_of(std::string_view map, uint32_t version) { return std::string(map) + "_v" + std::to_string(version); }

}  // namespace io::kernel
