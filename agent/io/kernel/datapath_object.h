// The BPF object in the kernel: maps pinned once for all generations, programs pinned per generation. What is pinned stays in use when
// the agent goes. Entries of a map are never given up: a pinned map keeps its size, which list() then shows.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class DatapathObjectStore final : public Store<model::desired::DatapathObject> {
 public:
  explicit DatapathObjectStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Generations whose programs and the maps that these use are all pinned.
  base::Result<std::vector<model::desired::DatapathObject>> list() override;
  // Only program_generation() can be put. EOPNOTSUPP: BPF-ROOT is not in a bpffs. EEXIST: a pinned map of that name is laid out otherwise.
  base::Result<void> put(const model::desired::DatapathObject& row, const model::desired::DatapathObject* actual) override;
  // Unpins the programs; those that are attached run on. Maps stay.
  base::Result<void> remove(const model::desired::DatapathObject& actual) override;

 private:
  std::string programs(const std::string& name) const { return bpf_root_ + "/programs/" + name; }
  base::Result<void> load(const model::desired::DatapathObject& row);
  base::Result<void> remove_remnants();

  std::string bpf_root_;
};

}  // namespace io::kernel
