// Maps `masquerade_sources` and `unmasqueraded`: with which address pods' packets leave, and which destinations see the pods' own.
#pragma once

#include <optional>
#include <string>

#include "abi/masquerade.h"
#include "io/kernel/bpf_hash.h"
#include "io/store.h"
#include "model/desired/masquerade.h"

namespace io::kernel {

class MasqueradeSourceStore final : public Store<model::desired::MasqueradeSource> {
 public:
  using MasqueradeSource = model::desired::MasqueradeSource;
  explicit MasqueradeSourceStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // A row whose uplink is gone has the uplink "#IFINDEX". Empty before the map is pinned.
  base::Result<std::vector<MasqueradeSource>> list() override;
  // ENODEV: no such link. ENOENT: the map is not pinned.
  base::Result<void> put(const MasqueradeSource& row, const MasqueradeSource* actual) override;
  // Of an uplink that is gone by now list() shows what is left.
  base::Result<void> remove(const MasqueradeSource& actual) override;

 private:
  std::string bpf_root_;
};

class UnmasqueradedStore final : public Store<model::desired::Unmasqueraded> {
 public:
  using Unmasqueraded = model::desired::Unmasqueraded;
  explicit UnmasqueradedStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Empty before the map is pinned.
  base::Result<std::vector<Unmasqueraded>> list() override;
  // ENOENT: the map is not pinned.
  base::Result<void> put(const Unmasqueraded& row, const Unmasqueraded* actual) override;
  base::Result<void> remove(const Unmasqueraded& actual) override;

 private:
  using Map = HashMap<unmasqueraded_key, uint32_t>;
  base::Result<Map*> map();

  std::string bpf_root_;
  uint64_t replacements_ = 0;  // when the map was opened
  std::optional<Map> map_;
};

}  // namespace io::kernel
