// cls_bpf with direct action on the clsact hooks of a pod link. Used by the store of filters. A filter is known by its name
// "ichor:GENERATION", and goes with its link.
#pragma once

#include <cstdint>
#include <string>

#include "io/kernel/netlink.h"
#include "model/desired/rows.h"

namespace io::kernel::clsact {

// The number of ichor's program on that side; 0: none hangs there, or the link is gone.
base::Result<uint32_t> program_on(Netlink& netlink, uint32_t ifindex, model::desired::FilterSide side);
// In one step instead of ichor's program there.
base::Result<void> attach(Netlink& netlink, uint32_t ifindex, model::desired::FilterSide side, int program_fd,
                          const std::string& generation);
base::Result<void> detach(Netlink& netlink, uint32_t ifindex, model::desired::FilterSide side);

// Its name in the BPF object.
const char* program_of(model::desired::FilterSide side);

}  // namespace io::kernel::clsact
