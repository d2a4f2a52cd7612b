#include "support/memory_service_maps.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "model/abi_address.h"

namespace support {
namespace {

using model::from_abi;
using model::to_abi;

std::string bytes_of(const frontend_key& key) { return {reinterpret_cast<const char*>(&key), sizeof key}; }

template <class Map>
typename Map::mapped_type value_at(const Map& map, uint32_t index) {
  auto found = map.find(index);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

std::string name_of(const frontend_key& key) {
  return (key.node_port ? "node port " : "") + base::endpoint_text(from_abi(key.address), ntohs(key.port_be)) + "/" +
         std::to_string(key.protocol);
}

}  // namespace

base::Result<void> ServiceMemory::write(const char* what) {
  if (write_fails() || (fail_after >= 0 && fail_after-- == 0)) return base::Error{ENOMEM, "no memory"};
  writes.emplace_back(what);
  ++all_writes;
  return {};
}

base::Result<void> ServiceMemory::read() const {
  if (read_fails()) return base::Error{EIO, "the maps were told not to be readable"};
  return {};
}

std::optional<frontend> ServiceMemory::find(const base::Ip& address, uint16_t port, model::Protocol protocol) const {
  auto found = frontends.find(bytes_of({to_abi(address), htons(port), static_cast<__u8>(protocol), address.is_unspecified()}));
  return found == frontends.end() ? std::nullopt : std::optional(found->second.second);
}

std::vector<std::string> ServiceMemory::reached(uint32_t set) const {
  std::vector<std::string> addresses;
  service_handle handle = value_at(handles, set);
  for (uint32_t i = 0; i < service_handle_size(handle); ++i) {
    auto backend = value_at(backends, value_at(slots, service_handle_base(handle) + i).backend);
    addresses.push_back(base::endpoint_text(from_abi(backend.address), ntohs(backend.port_be)));
  }
  return addresses;
}

std::string ServiceMemory::text() const {
  auto hash = [&](uint32_t set) { return set ? model::desired::SetId::of_hash(value_at(hashes, set)).text() : "none"; };
  std::vector<std::string> lines;
  for (const auto& [number, of_set] : hashes) {
    service_handle handle = value_at(handles, number);
    std::string line = "set " + hash(number) + " " + base::join(reached(number), ",");
    if (handle & SERVICE_ELSEWHERE) line += " elsewhere";
    if (handle & SERVICE_AFFINITY) line += " affinity " + std::to_string(service_options_affinity_seconds(value_at(options, number)));
    lines.push_back(line);
  }
  for (const auto& [text, entry] : frontends) {
    const auto& [key, sets] = entry;
    if (frontend_is_address(&key))
      lines.push_back("address " + base::to_string(from_abi(key.address)) + (sets.callers ? " refuses everybody" : " refuses the outside"));
    else
      lines.push_back("frontend " + name_of(key) + " " + hash(frontend_set(sets.callers)) + " " + hash(frontend_set(sets.arrivals)) +
                      (sets.arrivals & FRONTEND_RESTRICTED ? " restricted" : ""));
  }
  std::sort(lines.begin(), lines.end());
  return base::join(lines, "\n");
}

std::string ServiceMemory::dangling() const {
  for (const auto& [text, entry] : frontends) {
    const uint32_t bit = frontend_address_bit(&entry.first.address);
    if (frontend_is_address(&entry.first)) {
      if (!entry.second.callers && !entry.second.arrivals) return name_of(entry.first) + " refuses nobody";
      continue;
    }
    if (!entry.first.node_port && !(value_at(address_bits, bit / 64) >> (bit % 64) & 1))
      return "packets for " + name_of(entry.first) + " are passed by";
    for (uint32_t set : {frontend_set(entry.second.callers), frontend_set(entry.second.arrivals)}) {
      if (!set) continue;
      if (!value_at(hashes, set)) return name_of(entry.first) + " leads to number " + std::to_string(set) + ", which is free";
      service_handle handle = value_at(handles, set);
      for (uint32_t i = 0; i < service_handle_size(handle); ++i)
        if (!value_at(backends, value_at(slots, service_handle_base(handle) + i).backend).port_be)
          return name_of(entry.first) + " leads to an empty slot";
    }
  }
  return "";
}

base::Result<io::ServiceMaps::Sizes> MemoryServiceMaps::open() {
  TRY(memory_.read());
  return memory_.sizes;
}

base::Result<std::vector<std::pair<frontend_key, frontend>>> MemoryServiceMaps::frontends() {
  TRY(memory_.read());
  std::vector<std::pair<frontend_key, frontend>> all;
  for (const auto& [text, entry] : memory_.frontends) all.push_back(entry);
  return all;
}

base::Result<void> MemoryServiceMaps::put_frontend(const frontend_key& key, const frontend& sets) {
  TRY(memory_.write("frontend"));
  memory_.frontends[bytes_of(key)] = {key, sets};
  memory_.after_write();
  return {};
}

base::Result<void> MemoryServiceMaps::erase_frontend(const frontend_key& key) {
  TRY(memory_.write("erased frontend"));
  memory_.frontends.erase(bytes_of(key));
  memory_.after_write();
  return {};
}

base::Result<uint64_t> MemoryServiceMaps::frontend_addresses(uint32_t word) { return load(memory_.address_bits, word); }
base::Result<void> MemoryServiceMaps::set_frontend_addresses(uint32_t word, uint64_t bits) {
  return store("address bits", memory_.address_bits, word, bits);
}

base::Result<std::vector<std::pair<uint32_t, uint64_t>>> MemoryServiceMaps::hashes() {
  TRY(memory_.read());
  return std::vector<std::pair<uint32_t, uint64_t>>(memory_.hashes.begin(), memory_.hashes.end());
}

base::Result<void> MemoryServiceMaps::set_hash(uint32_t set, uint64_t hash) {
  TRY(memory_.write(hash ? "hash" : "erased hash"));
  if (hash)
    memory_.hashes[set] = hash;
  else
    memory_.hashes.erase(set);
  memory_.after_write();
  return {};
}

base::Result<service_handle> MemoryServiceMaps::handle(uint32_t set) { return load(memory_.handles, set); }
base::Result<void> MemoryServiceMaps::set_handle(uint32_t set, service_handle handle) {
  ++memory_.handle_stores;
  return store("handle", memory_.handles, set, handle);
}
base::Result<service_options> MemoryServiceMaps::options(uint32_t set) { return load(memory_.options, set); }
base::Result<void> MemoryServiceMaps::set_options(uint32_t set, service_options options) {
  return store("options", memory_.options, set, options);
}
base::Result<service_slot> MemoryServiceMaps::slot(uint32_t index) { return load(memory_.slots, index); }
base::Result<void> MemoryServiceMaps::set_slot(uint32_t index, const service_slot& slot) {
  return store("slot", memory_.slots, index, slot);
}
base::Result<struct backend> MemoryServiceMaps::backend(uint32_t index) { return load(memory_.backends, index); }
base::Result<void> MemoryServiceMaps::set_backend(uint32_t index, const struct backend& value) {
  return store("backend", memory_.backends, index, value);
}
void MemoryServiceMaps::backends_left(std::vector<struct backend> gone) {
  for (const auto& backend : gone) memory_.left.push_back(base::endpoint_text(from_abi(backend.address), ntohs(backend.port_be)));
}

}  // namespace support
