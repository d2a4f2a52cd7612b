#include "io/kernel/map_use.h"

#include <endian.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <unordered_map>

#include "abi/flows.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/map_entries.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"

namespace io::kernel {
namespace {

// Counts as Misra and Gries do (1982): exact while there are fewer destinations than that, and then never wrong by more than what a few
// have.
class Busiest {
 public:
  void add(const flow_key& key, const flow& entry) {
    if (key.way != FLOW_DEPARTS || !(entry.flags & FLOW_OPENER) || entry.port_be == 0) return;
    if (entry.address_difference == 0 && entry.port_difference == 0) return;
    const Towards towards{model::from_abi(entry.address), model::from_abi(key.destination), key.destination_port_be, key.protocol};
    if (auto found = counts_.find(towards); found != counts_.end())
      ++found->second;
    else if (counts_.size() < kDestinations)
      counts_.emplace(towards, 1);
    else
      for (auto count = counts_.begin(); count != counts_.end();) count = --count->second == 0 ? counts_.erase(count) : std::next(count);
  }
  std::optional<NatUse> take() const {
    auto most = std::max_element(counts_.begin(), counts_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == counts_.end()) return std::nullopt;
    const Towards& towards = most->first;
    return NatUse{towards.address, towards.destination, be16toh(towards.port_be), towards.protocol, most->second};
  }

 private:
  static constexpr size_t kDestinations = 4096;
  struct Towards {
    base::Ip address, destination;
    uint16_t port_be = 0;
    uint8_t protocol = 0;
    bool operator==(const Towards&) const = default;
  };
  struct Hash {
    size_t operator()(const Towards& towards) const {
      return (std::hash<base::Ip>{}(towards.address) * 31 + std::hash<base::Ip>{}(towards.destination)) * 31 +
             (size_t{towards.port_be} << 8 | towards.protocol);
    }
  };
  std::unordered_map<Towards, uint32_t, Hash> counts_;
};

// Of the arrays behind Services an index is free or taken, which no look at one entry tells.
struct ServiceUse {
  uint64_t sets = 0, slots = 0, backends = 0;
};

base::Result<ServiceUse> service_use(const std::string& bpf_root) {
  PinnedServiceMaps maps(bpf_root);
  const auto sizes = TRY(maps.open());
  ServiceUse use;
  std::vector<bool> seen(sizes.backends);
  for (const auto& [set, hash] : TRY(maps.hashes())) {
    ++use.sets;
    if (set >= sizes.sets) continue;
    const SetSlots found = TRY(slots_of(maps, TRY(maps.handle(set)), sizes.slots));
    const uint32_t count = found.chosen + found.leaving;
    use.slots += count;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t backend = TRY(maps.slot(found.first + i)).backend;
      if (backend >= seen.size() || seen[backend]) continue;
      seen[backend] = true;
      ++use.backends;
    }
  }
  return use;
}

base::Result<MapUse> count(const std::string& bpf_root, const std::string& name, base::Millis at_most, Busiest& busiest) {
  base::Fd map = TRY(open_map(bpf_root, name));
  const MapShape shape = TRY(shape_of(map.get()));
  const bool flows = name == "flows" && shape.key_size == sizeof(flow_key) && shape.value_size == sizeof(flow);
  MapUse use{name, 0, shape.entries, shape.type == BPF_MAP_TYPE_LRU_HASH};
  use.whole = TRY(each_for(map.get(), shape, at_most, [&](const void* key, const void* value) {
    ++use.entries;
    if (flows) busiest.add(*static_cast<const flow_key*>(key), *static_cast<const flow*>(value));
  }));
  return use;
}

base::Result<uint64_t> memory_of_maps(const std::string& bpf_root) {
  uint64_t bytes = 0;
  for (const MapKind& kind : map_kinds()) bytes += TRY(memory_of_map(TRY(open_map(bpf_root, std::string(kind.name))).get()));
  return bytes;
}

// An array of which several maps have an entry for each index is counted once.
bool says_something(const MapKind& kind) {
  return has_size(kind) && kind.name != "frontend_addresses" && kind.name != "set_hashes" && kind.name != "set_options";
}

}  // namespace

base::Result<uint64_t> memory_of_map(int map_fd) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(map_fd);
  std::ifstream facts(path);
  for (std::string word; facts >> word;)
    if (uint64_t bytes = 0; word == "memlock:" && facts >> bytes) return bytes;
  return base::Error{ENODATA, path + " does not say memlock"};
}

base::Result<Use> measure_use(const std::string& bpf_root, base::Millis at_most) {
  const base::BootTime started = base::boot_now();
  const ServiceUse services = TRY(service_use(bpf_root));
  const std::map<std::string_view, uint64_t> of_arrays{
      {"service_sets", services.sets}, {"set_slots", services.slots}, {"backends", services.backends}};
  Use use;
  Busiest busiest;
  for (const MapKind& kind : map_kinds()) {
    if (!says_something(kind)) continue;
    if (auto array = of_arrays.find(kind.name); array != of_arrays.end()) {
      base::Fd map = TRY(open_map(bpf_root, std::string(kind.name)));
      use.maps.push_back({std::string(kind.name), array->second, TRY(map_info(map.get())).max_entries});
    } else {
      use.maps.push_back(TRY(count(bpf_root, std::string(kind.name), at_most, busiest)));
    }
  }
  use.busiest = busiest.take();
  use.memory = TRY(memory_of_maps(bpf_root));
  use.took = base::boot_now() - started;
  return use;
}

}  // namespace io::kernel
