// Programs on the hooks of the cgroup root and of uplinks, by links that are pinned and so outlive the agent. A pin whose
// cgroup or device is gone, or has another name now, is listed without a generation: put() makes it anew, and where nobody asks for that
// target any more it is removed.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class AttachmentStore final : public Store<model::desired::Attachment> {
 public:
  explicit AttachmentStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // Generation "?": the link runs a program that no pinned generation holds; "": it is on nothing of that name.
  base::Result<std::vector<model::desired::Attachment>> list() override;
  // A link that is there gets its new program in one step: no packet and no call sees a hook without one.
  // ENOENT: that generation, cgroup or device is not there.
  base::Result<void> put(const model::desired::Attachment& row, const model::desired::Attachment* actual) override;
  base::Result<void> remove(const model::desired::Attachment& actual) override;

 private:
  std::string pin_path(const model::desired::Attachment& row) const;

  std::string bpf_root_;
};

}  // namespace io::kernel
