// Maps `masquerade_sources` and `unmasqueraded`: with which address pods' packets leave, and which destinations see the pods' own.
#pragma once

#include <string>

#include "abi/masquerade.h"
#include "io/kernel/key_store.h"
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

unmasqueraded_key key_of(const model::desired::Unmasqueraded& row);
model::desired::Unmasqueraded row_of(const unmasqueraded_key& key);

using UnmasqueradedStore = KeyStore<model::desired::Unmasqueraded, unmasqueraded_key, key_of, row_of>;

}  // namespace io::kernel
