// The BPF object in the kernel: its programs pinned per generation, its maps once for all of them. What is pinned stays in use when the
// agent goes.
#pragma once

#include <string>

#include "io/kernel/bpf_object.h"
#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class DatapathObjectStore final : public Store<model::desired::DatapathObject> {
 public:
  explicit DatapathObjectStore(std::string bpf_root, const ObjectImage& image = embedded_image())
      : bpf_root_(std::move(bpf_root)), image_(image) {}

  // Every generation that is pinned; without maps where some map that is pinned is not the one that its programs use, and where a put
  // has not come to its end.
  base::Result<std::vector<model::desired::DatapathObject>> list() override;
  // Brings up the generation, and the maps to its sizes (io/kernel/migration.h); hooks that run another one are switched. A map that is
  // too full to shrink keeps its size, which is the failure of its MapSize alone. EOPNOTSUPP: BPF-ROOT is not in a bpffs.
  base::Result<void> put(const model::desired::DatapathObject& row, const model::desired::DatapathObject* actual) override;
  // Unpins the programs; those that are attached run on. Maps stay.
  base::Result<void> remove(const model::desired::DatapathObject& actual) override;

 private:
  base::Result<bool> is_whole(const std::string& generation);

  std::string bpf_root_;
  const ObjectImage& image_;
};

}  // namespace io::kernel
