// The maps behind Services in memory, shared by "restarts": what a program would read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/service_maps.h"
#include "model/desired/services.h"

namespace support {

struct ServiceMemory {
  io::ServiceMaps::Sizes sizes{64, 256, 128, 1};
  std::map<std::string, std::pair<frontend_key, frontend>> frontends;
  std::map<uint32_t, uint64_t> hashes;
  std::unordered_map<uint32_t, uint64_t> address_bits;
  std::unordered_map<uint32_t, service_handle> handles;
  std::unordered_map<uint32_t, service_options> options;
  std::unordered_map<uint32_t, service_slot> slots;
  std::unordered_map<uint32_t, struct backend> backends;
  uint64_t handle_stores = 0, all_writes = 0;
  std::vector<std::string> writes;  // names of what was written, in order
  std::vector<std::string> left;    // backends that were said to have left a UDP set, in order
  int fail_after = -1;              // writes that succeed before one fails; -1: none fails
  std::function<bool()> write_fails = [] { return false; };
  std::function<bool()> read_fails = [] { return false; };
  std::function<void()> after_write = [] {};

  // What a call of this address finds: nullopt, there is no frontend; else the number of its set.
  std::optional<frontend> find(const base::Ip& address, uint16_t port, model::Protocol protocol) const;
  // Addresses that the set leads to, in slot order, as a program reads them.
  std::vector<std::string> reached(uint32_t set) const;
  // All frontends and sets, without numbers, which are nobody's concern.
  std::string text() const;
  // What no reader may ever meet: a frontend or a slot that leads nowhere. "": none.
  std::string dangling() const;

  base::Result<void> write(const char* what);
  base::Result<void> read() const;
};

class MemoryServiceMaps : public io::ServiceMaps {
 public:
  explicit MemoryServiceMaps(ServiceMemory& memory) : memory_(memory) {}

  base::Result<Sizes> open() override;
  base::Result<std::vector<std::pair<frontend_key, frontend>>> frontends() override;
  base::Result<void> put_frontend(const frontend_key& key, const frontend& sets) override;
  base::Result<void> erase_frontend(const frontend_key& key) override;
  base::Result<uint64_t> frontend_addresses(uint32_t word) override;
  base::Result<void> set_frontend_addresses(uint32_t word, uint64_t bits) override;
  base::Result<std::vector<std::pair<uint32_t, uint64_t>>> hashes() override;
  base::Result<void> set_hash(uint32_t set, uint64_t hash) override;
  base::Result<service_handle> handle(uint32_t set) override;
  base::Result<void> set_handle(uint32_t set, service_handle handle) override;
  base::Result<service_options> options(uint32_t set) override;
  base::Result<void> set_options(uint32_t set, service_options options) override;
  base::Result<service_slot> slot(uint32_t index) override;
  base::Result<void> set_slot(uint32_t index, const service_slot& slot) override;
  base::Result<struct backend> backend(uint32_t index) override;
  base::Result<void> set_backend(uint32_t index, const struct backend& value) override;
  void backends_left(std::vector<struct backend> gone) override;

 private:
  template <class Map, class Value>
  base::Result<void> store(const char* what, Map& map, uint32_t index, const Value& value) {
    TRY(memory_.write(what));
    map[index] = value;
    memory_.after_write();
    return {};
  }
  template <class Map>
  base::Result<typename Map::mapped_type> load(const Map& map, uint32_t index) {
    TRY(memory_.read());
    auto found = map.find(index);
    return found == map.end() ? typename Map::mapped_type{} : found->second;
  }

  ServiceMemory& memory_;
};

}  // namespace support
