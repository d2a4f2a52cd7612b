// The maps of services below a BPF-ROOT.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "abi/gone_backends.h"
#include "io/kernel/bpf_array.h"
#include "io/kernel/bpf_hash.h"
#include "io/service_maps.h"

namespace io::kernel {

class PinnedServiceMaps final : public io::ServiceMaps {
 public:
  // Called with backends_left().
  using Left = std::function<void(std::vector<gone_backend>)>;
  explicit PinnedServiceMaps(std::string bpf_root, Left left = [](auto) {}) : bpf_root_(std::move(bpf_root)), left_(std::move(left)) {}

  base::Result<Sizes> open() override;
  bool replaced() override { return replacements_ != pin_replacements(); }
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
  struct Maps {
    HashMap<frontend_key, frontend> frontends;
    MappedArray<uint64_t> addresses;
    MappedArray<uint64_t> hashes;  // to write: all of them are read by a mapping that goes again
    MappedArray<service_handle> sets;
    MappedArray<service_options> options;
    MappedArray<service_slot> slots;
    MappedArray<struct backend> backends;
  };
  base::Result<Maps*> maps();

  std::string bpf_root_;
  Left left_;
  uint64_t replacements_ = 0;  // when the maps were opened
  std::optional<Maps> maps_;
};

}  // namespace io::kernel
