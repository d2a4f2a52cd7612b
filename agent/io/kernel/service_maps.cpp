#include "io/kernel/service_maps.h"

namespace io::kernel {

base::Result<ServiceMaps::Sizes> PinnedServiceMaps::open() {
  const uint64_t replacements = pin_replacements();
  Maps opened{.frontends = TRY((HashMap<frontend_key, frontend>::open(bpf_root_, "frontend_sets"))),
              .addresses = TRY(MappedArray<uint64_t>::open(bpf_root_, "frontend_addresses")),
              .hashes = TRY(MappedArray<uint64_t>::open(bpf_root_, "set_hashes")),
              .sets = TRY(MappedArray<service_handle>::open(bpf_root_, "service_sets")),
              .options = TRY(MappedArray<service_options>::open(bpf_root_, "set_options")),
              .slots = TRY(MappedArray<service_slot>::open(bpf_root_, "set_slots")),
              .backends = TRY(MappedArray<struct backend>::open(bpf_root_, "backends"))};
  uint64_t identity = 0;
  for (uint32_t id : {TRY(opened.frontends.id()), opened.addresses.id(), opened.hashes.id(), opened.sets.id(), opened.options.id(),
                      opened.slots.id(), opened.backends.id()})
    identity = identity * 0x9e3779b97f4a7c15 + id;
  maps_.emplace(std::move(opened));
  replacements_ = replacements;
  return Sizes{.sets = std::min(maps_->sets.size(), maps_->options.size()),
               .slots = maps_->slots.size(),
               .backends = maps_->backends.size(),
               .identity = identity};
}

base::Result<PinnedServiceMaps::Maps*> PinnedServiceMaps::maps() {
  if (!maps_) TRY(open());
  return &*maps_;
}

base::Result<std::vector<std::pair<frontend_key, frontend>>> PinnedServiceMaps::frontends() {
  std::vector<std::pair<frontend_key, frontend>> entries;
  TRY(TRY(maps())->frontends.for_each([&](const frontend_key& key, const frontend& sets) { entries.emplace_back(key, sets); }));
  return entries;
}
base::Result<void> PinnedServiceMaps::put_frontend(const frontend_key& key, const frontend& sets) {
  return TRY(maps())->frontends.update(key, sets);
}
base::Result<void> PinnedServiceMaps::erase_frontend(const frontend_key& key) { return TRY(maps())->frontends.erase(key); }

base::Result<uint64_t> PinnedServiceMaps::frontend_addresses(uint32_t word) { return TRY(maps())->addresses.load(word); }
base::Result<void> PinnedServiceMaps::set_frontend_addresses(uint32_t word, uint64_t bits) {
  return TRY(maps())->addresses.store(word, bits);
}

base::Result<std::vector<std::pair<uint32_t, uint64_t>>> PinnedServiceMaps::hashes() {
  auto hashes = TRY(MappedArray<uint64_t>::open(bpf_root_, "set_hashes"));
  std::vector<std::pair<uint32_t, uint64_t>> entries;
  for (uint32_t set = 0; set < hashes.size(); ++set)
    if (uint64_t hash = TRY(hashes.load(set))) entries.emplace_back(set, hash);
  return entries;
}
base::Result<void> PinnedServiceMaps::set_hash(uint32_t set, uint64_t hash) { return TRY(maps())->hashes.store(set, hash); }

base::Result<service_handle> PinnedServiceMaps::handle(uint32_t set) { return TRY(maps())->sets.load(set); }
base::Result<void> PinnedServiceMaps::set_handle(uint32_t set, service_handle handle) { return TRY(maps())->sets.store(set, handle); }
base::Result<service_options> PinnedServiceMaps::options(uint32_t set) { return TRY(maps())->options.load(set); }
base::Result<void> PinnedServiceMaps::set_options(uint32_t set, service_options options) {
  return TRY(maps())->options.store(set, options);
}
base::Result<service_slot> PinnedServiceMaps::slot(uint32_t index) { return TRY(maps())->slots.load(index); }
base::Result<void> PinnedServiceMaps::set_slot(uint32_t index, const service_slot& slot) { return TRY(maps())->slots.store(index, slot); }
base::Result<struct backend> PinnedServiceMaps::backend(uint32_t index) { return TRY(maps())->backends.load(index); }
base::Result<void> PinnedServiceMaps::set_backend(uint32_t index, const struct backend& value) {
  return TRY(maps())->backends.store(index, value);
}
void PinnedServiceMaps::backends_left(std::vector<struct backend> gone) {
  std::vector<gone_backend> listed;
  for (const auto& backend : gone) listed.push_back({.address = backend.address, .port_be = backend.port_be, .zero = 0});
  left_(std::move(listed));
}

}  // namespace io::kernel
