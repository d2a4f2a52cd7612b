// The kernel's connection tracking. Where packets of one direction pass it by, it has half a picture of a TCP connection, and calls what
// follows invalid once both directions pass; with no picture it takes a connection up in its middle (nf_conntrack_tcp_loose).
#pragma once

#include <functional>

#include "base/ip.h"
#include "base/result.h"

namespace io::kernel {

// Forgets the family's TCP connections with such an address at either end, but for those whose addresses it translates. A kernel without
// connection tracking has none.
base::Result<void> forget_connections(base::Family family, const std::function<bool(const base::Ip&)>& concerned);

}  // namespace io::kernel
