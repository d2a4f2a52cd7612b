// The maps of services below a BPF-ROOT.
#pragma once

#include <optional>
#include <string>

#include "io/kernel/bpf_array.h"
#include "io/kernel/bpf_hash.h"
#include "io/service_maps.h"

namespace io::kernel {

class PinnedServiceMaps final : public io::ServiceMaps {
 public:
  explicit PinnedServiceMaps(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Again: what was opened before is let go.
  base::Result<Sizes> open() override;
  base::Result<std::vector<std::pair<frontend_key, uint32_t>>> frontends() override;
  base::Result<void> put_frontend(const frontend_key& key, uint32_t service) override;
  base::Result<void> erase_frontend(const frontend_key& key) override;

  base::Result<service_handle> handle(uint32_t service) override;
  base::Result<void> set_handle(uint32_t service, service_handle handle) override;
  base::Result<uint32_t> slot(uint32_t index) override;
  base::Result<void> set_slot(uint32_t index, uint32_t backend) override;
  base::Result<struct backend> backend(uint32_t index) override;
  base::Result<void> set_backend(uint32_t index, const struct backend& value) override;
  base::Result<uint32_t> affinity_seconds(uint32_t service) override;
  base::Result<void> set_affinity_seconds(uint32_t service, uint32_t seconds) override;

 private:
  struct Maps {
    HashMap<frontend_key, uint32_t> frontends;
    MappedArray<service_handle> services;
    MappedArray<uint32_t> slots;
    MappedArray<struct backend> backends;
    std::optional<MappedArray<uint32_t>> affinity_seconds;  // opened when a Service asks for affinity: an older object has none
  };
  base::Result<Maps*> maps();
  base::Result<MappedArray<uint32_t>*> affinity_map();

  std::string bpf_root_;
  std::optional<Maps> maps_;
};

}  // namespace io::kernel
