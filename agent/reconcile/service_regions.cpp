#include "reconcile/service_regions.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace reconcile {
namespace {

using model::desired::Backend;
using model::desired::Frontend;

ip_addr to_abi(const base::Ip& ip) {
  ip_addr address;
  std::memcpy(&address, ip.bytes.data(), sizeof address);
  return address;
}
base::Ip from_abi(const ip_addr& address) {
  base::Ip ip;
  std::memcpy(ip.bytes.data(), &address, sizeof address);
  return ip;
}
frontend_key to_abi(const Frontend& frontend) {
  return {to_abi(frontend.address), htons(frontend.port), static_cast<__u8>(frontend.protocol), 0};
}
Frontend from_abi(const frontend_key& key) {
  return {from_abi(key.address), ntohs(key.port_be), static_cast<model::Protocol>(key.protocol)};
}
backend to_abi(const Backend& backend) { return {to_abi(backend.address), htons(backend.port), 0, 0}; }

uint64_t flags_of(const model::desired::ServiceEntry& row) {
  return (row.affinity_seconds ? SERVICE_AFFINITY : 0) | (row.endpoints_elsewhere ? SERVICE_ELSEWHERE : 0);
}

base::Error full(const char* what, uint32_t size) {
  return {ENOSPC, std::string("all ") + std::to_string(size) + " " + what + " are in use; their number follows the node's memory"};
}

}  // namespace

ServiceRegions::ServiceRegions(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now)
    : maps_(std::move(maps)), now_(std::move(now)) {}

base::Result<void> ServiceRegions::open() {
  if (sizes_.services) return {};
  auto sizes = TRY(maps_->open());
  sizes_ = sizes;
  service_numbers_ = RegionAllocator(sizes.services);
  backend_numbers_ = RegionAllocator(sizes.backends);
  slots_ = RegionAllocator(sizes.slots);
  return {};
}

base::Result<std::vector<ServiceRegions::Entry>> ServiceRegions::list() {
  bool first = sizes_.services == 0;
  auto opened = open();
  if (!opened.ok()) {
    if (opened.error().code == ENOENT) return std::vector<Entry>{};
    return opened.error();
  }
  std::map<uint32_t, std::vector<Frontend>> frontends;
  for (const auto& [key, number] : TRY(maps_->frontends()))
    if (number < sizes_.services) frontends[number].push_back(from_abi(key));
  if (first)
    for (const auto& [number, keys] : frontends) service_numbers_.claim(number, 1);

  std::vector<Entry> entries;
  numbers_.clear();
  for (auto& [number, keys] : frontends) {
    std::sort(keys.begin(), keys.end());
    for (const auto& key : keys) numbers_[key] = number;
    entries.push_back(TRY(read_service(number, std::move(keys))));
  }
  return entries;
}

base::Result<ServiceRegions::Entry> ServiceRegions::read_service(uint32_t number, std::vector<Frontend> frontends) {
  Entry entry;
  entry.frontends = std::move(frontends);
  service_handle handle = TRY(maps_->handle(number));
  Region region{
      service_handle_base(handle), service_handle_size(handle), service_handle_generation(handle), service_handle_flags(handle), 0, {}};
  if (region.flags & SERVICE_AFFINITY) region.affinity_seconds = TRY(maps_->affinity_seconds(number));
  entry.affinity_seconds = region.affinity_seconds;
  entry.endpoints_elsewhere = region.flags & SERVICE_ELSEWHERE;
  auto known = regions_.find(number);
  bool ours = known != regions_.end() && known->second.generation == region.generation;
  // An overlapping region can only be damage: the row then reads as one without backends and is written anew.
  if (!ours && !slots_.claim(region.base, region.size)) region.size = 0;
  for (uint32_t i = 0; i < region.size; ++i) {
    uint32_t backend_number = TRY(maps_->slot(region.base + i));
    if (backend_number >= sizes_.backends) continue;
    auto value = TRY(maps_->backend(backend_number));
    Backend backend{from_abi(value.address), ntohs(value.port_be)};
    entry.backends.push_back(backend);
    if (ours) continue;
    region.backends.push_back(backend_number);
    NumberedBackend& numbered = backends_[backend];
    if (numbered.references++ == 0) {
      backend_numbers_.claim(backend_number, 1);
      numbered.number = backend_number;
      backend_of_[backend_number] = backend;
    }
  }
  std::sort(entry.backends.begin(), entry.backends.end());
  if (!ours) return regions_[number] = std::move(region), entry;
  known->second.flags = region.flags;
  known->second.affinity_seconds = region.affinity_seconds;
  return entry;
}

base::Result<std::vector<uint32_t>> ServiceRegions::hold_backends(const std::vector<Backend>& backends) {
  std::vector<uint32_t> numbers;
  for (const auto& backend : backends) {
    NumberedBackend& numbered = backends_[backend];
    if (numbered.references == 0) {
      auto number = backend_numbers_.allocate(1, now_());
      auto written = number ? maps_->set_backend(*number, to_abi(backend)) : base::Result<void>(full("backends", sizes_.backends));
      if (!written.ok()) {
        if (number) backend_numbers_.release(*number, 1, now_());
        backends_.erase(backend);
        drop_backends(numbers);
        return written.error();
      }
      numbered.number = *number;
      backend_of_[*number] = backend;
    }
    ++numbered.references;
    numbers.push_back(numbered.number);
  }
  return numbers;
}

void ServiceRegions::drop_backends(const std::vector<uint32_t>& numbers) {
  for (uint32_t number : numbers) {
    auto found = backend_of_.find(number);
    if (found == backend_of_.end()) continue;
    auto numbered = backends_.find(found->second);
    if (--numbered->second.references) continue;
    backend_numbers_.release(number, 1, now_());
    backends_.erase(numbered);
    backend_of_.erase(found);
  }
}

base::Result<void> ServiceRegions::write_region(uint32_t service, Region& region) {
  auto base = slots_.allocate(region.size, now_());
  if (!base) return full("slots", sizes_.slots);
  region.base = *base;
  auto written = base::Result<void>{};
  for (uint32_t i = 0; written.ok() && i < region.size; ++i) written = maps_->set_slot(*base + i, region.backends[i]);
  if (written.ok()) written = maps_->set_handle(service, region.handle());
  if (!written.ok()) slots_.release(region.base, region.size, now_());
  return written;
}

// New slots first, then the one store that makes readers see them; the old region rests before it is used again.
base::Result<void> ServiceRegions::point(uint32_t service, const Entry& row) {
  Region& current = regions_[service];
  Region next;
  next.size = static_cast<uint32_t>(row.backends.size());
  next.generation = (current.generation + 1) & 0xffff;
  next.flags = flags_of(row);
  next.affinity_seconds = current.affinity_seconds;
  next.backends = TRY(hold_backends(row.backends));
  if (auto written = write_region(service, next); !written.ok()) {
    drop_backends(next.backends);
    return written;
  }
  slots_.release(current.base, current.size, now_());
  drop_backends(current.backends);
  current = std::move(next);
  return {};
}

// The same set under other flags.
base::Result<void> ServiceRegions::flag(uint32_t service, const Entry& row) {
  Region& current = regions_[service];
  Region next = current;
  next.flags = flags_of(row);
  if (next.flags == current.flags) return {};
  TRY(maps_->set_handle(service, next.handle()));
  current.flags = next.flags;
  return {};
}

base::Result<void> ServiceRegions::time_affinity(uint32_t service, const Entry& row) {
  uint32_t& stored = regions_[service].affinity_seconds;
  if (!row.affinity_seconds || stored == row.affinity_seconds) return {};
  TRY(maps_->set_affinity_seconds(service, row.affinity_seconds));
  stored = row.affinity_seconds;
  return {};
}

base::Result<uint32_t> ServiceRegions::number_for(const Entry& row, const Entry* actual) {
  const auto& known = actual ? actual->frontends : row.frontends;
  auto found = numbers_.find(known.front());
  if (found != numbers_.end()) return found->second;
  auto number = service_numbers_.allocate(1, now_());
  if (!number) return full("services", sizes_.services);
  return *number;
}

base::Result<void> ServiceRegions::put(const Entry& row, const Entry* actual) {
  TRY(open());
  uint32_t number = TRY(number_for(row, actual));
  auto written = write(number, row, actual);
  bool named = std::any_of(row.frontends.begin(), row.frontends.end(), [&](const auto& frontend) { return numbers_.contains(frontend); });
  if (!written.ok() && !actual && !named) release_number(number);
  return written;
}

base::Result<void> ServiceRegions::write(uint32_t number, const Entry& row, const Entry* actual) {
  TRY_IN(time_affinity(number, row), row.name);  // before the handle by which it counts
  if (!actual || actual->backends != row.backends)
    TRY_IN(point(number, row), row.name);
  else
    TRY_IN(flag(number, row), row.name);
  for (const auto& frontend : row.frontends) {
    auto known = numbers_.find(frontend);
    if (known != numbers_.end() && known->second == number) continue;
    TRY_IN(maps_->put_frontend(to_abi(frontend), number), row.name);
    numbers_[frontend] = number;
  }
  if (!actual) return {};
  for (const auto& frontend : actual->frontends) {
    if (std::binary_search(row.frontends.begin(), row.frontends.end(), frontend)) continue;
    TRY_IN(maps_->erase_frontend(to_abi(frontend)), row.name);
    numbers_.erase(frontend);
  }
  return {};
}

base::Result<void> ServiceRegions::remove(const Entry& actual) {
  TRY(open());
  auto number = numbers_.find(actual.frontends.front());
  if (number == numbers_.end()) return {};
  uint32_t service = number->second;
  for (const auto& frontend : actual.frontends) TRY(maps_->erase_frontend(to_abi(frontend)));
  for (const auto& frontend : actual.frontends) numbers_.erase(frontend);
  release_number(service);
  return {};
}

void ServiceRegions::release_number(uint32_t number) {
  Region region = std::move(regions_[number]);
  regions_.erase(number);
  slots_.release(region.base, region.size, now_());
  drop_backends(region.backends);
  service_numbers_.release(number, 1, now_());
}

}  // namespace reconcile
