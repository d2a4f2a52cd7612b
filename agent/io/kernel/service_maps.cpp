#include "io/kernel/service_maps.h"

namespace io::kernel {

base::Result<ServiceMaps::Sizes> PinnedServiceMaps::open() {
  maps_.reset();
  Maps opened{.frontends = TRY((HashMap<frontend_key, uint32_t>::open(bpf_root_, "frontends"))),
              .services = TRY(MappedArray<service_handle>::open(bpf_root_, "services")),
              .slots = TRY(MappedArray<uint32_t>::open(bpf_root_, "slots")),
              .backends = TRY(MappedArray<struct backend>::open(bpf_root_, "backends")),
              .affinity_seconds = std::nullopt};
  maps_.emplace(std::move(opened));
  return Sizes{.services = maps_->services.size(), .slots = maps_->slots.size(), .backends = maps_->backends.size()};
}

base::Result<PinnedServiceMaps::Maps*> PinnedServiceMaps::maps() {
  if (!maps_) TRY(open());
  return &*maps_;
}

base::Result<std::vector<std::pair<frontend_key, uint32_t>>> PinnedServiceMaps::frontends() {
  std::vector<std::pair<frontend_key, uint32_t>> entries;
  TRY(TRY(maps())->frontends.for_each([&](const frontend_key& key, uint32_t service) { entries.emplace_back(key, service); }));
  return entries;
}

base::Result<void> PinnedServiceMaps::put_frontend(const frontend_key& key, uint32_t service) {
  return TRY(maps())->frontends.update(key, service);
}
base::Result<void> PinnedServiceMaps::erase_frontend(const frontend_key& key) { return TRY(maps())->frontends.erase(key); }

base::Result<service_handle> PinnedServiceMaps::handle(uint32_t service) { return TRY(maps())->services.load(service); }
base::Result<void> PinnedServiceMaps::set_handle(uint32_t service, service_handle handle) {
  return TRY(maps())->services.store(service, handle);
}
base::Result<uint32_t> PinnedServiceMaps::slot(uint32_t index) { return TRY(maps())->slots.load(index); }
base::Result<void> PinnedServiceMaps::set_slot(uint32_t index, uint32_t backend) { return TRY(maps())->slots.store(index, backend); }
base::Result<struct backend> PinnedServiceMaps::backend(uint32_t index) { return TRY(maps())->backends.load(index); }
base::Result<void> PinnedServiceMaps::set_backend(uint32_t index, const struct backend& value) {
  return TRY(maps())->backends.store(index, value);
}

base::Result<MappedArray<uint32_t>*> PinnedServiceMaps::affinity_map() {
  auto& map = TRY(maps())->affinity_seconds;
  if (!map) map.emplace(TRY(MappedArray<uint32_t>::open(bpf_root_, "affinity_seconds")));
  return &*map;
}
base::Result<uint32_t> PinnedServiceMaps::affinity_seconds(uint32_t service) { return TRY(affinity_map())->load(service); }
base::Result<void> PinnedServiceMaps::set_affinity_seconds(uint32_t service, uint32_t seconds) {
  return TRY(affinity_map())->store(service, seconds);
}

}  // namespace io::kernel
