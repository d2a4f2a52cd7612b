// The two programs on the node's side of each pod link: cls_bpf on clsact (io/kernel/clsact.h), because attaching by tcx waits for a
// grace period of 13 ms and this is on the path of a CNI ADD. Only what a netkit takes from its pod has a hook of its own
// (io/kernel/netkit.h): that one cannot be gone without the link's policy dropping the packets.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class FilterStore final : public Store<model::desired::Filter> {
 public:
  explicit FilterStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Generation "?": a program that no pinned generation holds.
  base::Result<std::vector<model::desired::Filter>> list() override;
  // An older generation's filter is replaced in one step. ENODEV: no such link. ENOENT: that generation is not pinned.
  base::Result<void> put(const model::desired::Filter& row, const model::desired::Filter* actual) override;
  base::Result<void> remove(const model::desired::Filter& actual) override;

 private:
  std::string bpf_root_;
};

}  // namespace io::kernel
