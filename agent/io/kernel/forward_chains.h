// Base chains on the kernel's forward hook, whoever made them: of nftables, and of the older ip_tables and ip6_tables. Packets that go
// straight into a pod pass none of them.
#pragma once

#include <vector>

#include "io/kernel/netlink.h"
#include "model/host/forward_chain.h"

namespace io::kernel {

// A socket that hears of every change of nftables' rules. EPROTONOSUPPORT: the kernel has no nfnetlink, so no nftables either.
base::Result<Netlink> open_nftables_events();

struct ForwardChains {
  std::vector<model::ForwardChain> chains;
  bool complete = true;  // false: rules changed meanwhile, so some may be missing; asking again and again would go on for ever
};
// Those of the calling thread's network namespace; a kernel that lacks one of the two kinds has none of that kind.
base::Result<ForwardChains> read_forward_chains();

}  // namespace io::kernel
