// netkit, a link whose two ends hand packets over through programs of their own. Used by the stores of pod links and filters. The
// programs are attached without a link of BPF: they need no pin, outlive the agent and go with the device.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/desired/rows.h"

namespace io::kernel::netkit {

// IFLA_NETKIT_* and their values: include/uapi/linux/if_link.h of Linux 6.12, newer than what Debian 12 installs.
constexpr int kPeerInfo = 1, kPeerPolicy = 4, kMode = 5;
constexpr uint32_t kLayer3 = 1;  // NETKIT_L3
constexpr uint32_t kDrop = 2;    // NETKIT_DROP

// The number of ichor's program on that side; 0: none hangs there. ENODEV: no such link in the calling thread's namespace.
base::Result<uint32_t> program_on(uint32_t ifindex, model::desired::FilterSide side);
// In one step instead of ichor's program there, or anew before all others, which waits for a grace period of RCU.
base::Result<void> attach(uint32_t ifindex, model::desired::FilterSide side, int program_fd);
base::Result<void> detach(uint32_t ifindex, model::desired::FilterSide side);

// Its name in the BPF object.
const char* program_of(model::desired::FilterSide side);

}  // namespace io::kernel::netkit
