// netkit, a link whose two ends hand packets over through programs of their own. Used by the stores of pod links and filters. What the
// pod sends passes such a program; what is sent to it is left to clsact on the node's end (io/kernel/clsact.h), as with a veth: each
// program that is attached here waits for a grace period of RCU, and a second one would gain nothing. A program has no link of BPF: it
// needs no pin, outlives the agent and goes with the device.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace io::kernel::netkit {

// IFLA_NETKIT_* and their values: include/uapi/linux/if_link.h of Linux 6.12, newer than what Debian 12 installs.
constexpr int kPeerInfo = 1, kPeerPolicy = 4, kMode = 5;
constexpr uint32_t kLayer3 = 1;  // NETKIT_L3
constexpr uint32_t kDrop = 2;    // NETKIT_DROP

constexpr const char* kProgram = "netkit_egress";  // its name in the BPF object, by which it is known again

// The number of ichor's program where packets come from the pod, on the link's end on the node; 0: none hangs there. ENODEV: no such
// link in the calling thread's namespace.
base::Result<uint32_t> program_on(uint32_t ifindex);
// In one step instead of ichor's program there, or anew before all others.
base::Result<void> attach(uint32_t ifindex, int program_fd);
base::Result<void> detach(uint32_t ifindex);

}  // namespace io::kernel::netkit
