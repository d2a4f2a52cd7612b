// The maps' sizes, as they are in the kernel. DatapathObjectStore changes them; here is said where one is not as it should be, and why.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class MapSizeStore final : public Store<model::desired::MapSize> {
 public:
  explicit MapSizeStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  base::Result<std::vector<model::desired::MapSize>> list() override;
  // ENOSPC: the map is too full to shrink. ENOENT: it is not there.
  base::Result<void> put(const model::desired::MapSize& row, const model::desired::MapSize* actual) override;
  base::Result<void> remove(const model::desired::MapSize&) override { return {}; }  // maps go with their layout alone

 private:
  std::string bpf_root_;
};

}  // namespace io::kernel
