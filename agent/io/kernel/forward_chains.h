// What of other people's rules concerns ichor, in nftables and in the older ip_tables and ip6_tables: base chains on the kernel's forward
// hook, which packets that go straight into a pod do not pass, and a kube-proxy's chains, which translate.
#pragma once

#include <vector>

#include "io/kernel/netlink.h"
#include "model/host/forward_chain.h"
#include "model/host/kube_proxy_rules.h"

namespace io::kernel {

// A socket that hears of every change of nftables' rules. EPROTONOSUPPORT: the kernel has no nfnetlink, so no nftables either.
base::Result<Netlink> open_nftables_events();

struct ForwardChains {
  std::vector<model::ForwardChain> chains;
  std::vector<model::KubeProxyRules> kube_proxy_rules;
  bool complete = true;  // false: rules changed meanwhile, so some may be missing; asking again and again would go on for ever
};
// Those of the calling thread's network namespace; a kernel that lacks one of the two kinds has none of that kind.
base::Result<ForwardChains> read_forward_chains();

}  // namespace io::kernel
