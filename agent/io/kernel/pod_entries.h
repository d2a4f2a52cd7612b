// Maps `pods` and `pod_sources`, written as one row: the address is delivered to the link and may be sent from by it.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class PodEntryStore final : public Store<model::desired::PodEntry> {
 public:
  explicit PodEntryStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // A row whose link is gone, or whose two maps do not agree, has the link "#IFINDEX". Empty before the maps are pinned.
  base::Result<std::vector<model::desired::PodEntry>> list() override;
  // ENODEV: no such link. ENOENT: the maps are not pinned.
  base::Result<void> put(const model::desired::PodEntry& row, const model::desired::PodEntry* actual) override;
  base::Result<void> remove(const model::desired::PodEntry& actual) override;

 private:
  std::string bpf_root_;
};

}  // namespace io::kernel
