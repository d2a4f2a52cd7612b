// Which ports sources get that the programs translate.
#pragma once

#include "plan/plan.h"

namespace plan {

struct NatPorts {
  model::PortRange range;
  bool shared = false;  // with the node's own sockets, which the programs then ask before they take one
};

// The longest range above 1023 outside of the node's ip_local_port_range and of the NodePorts. Where that leaves less than 4,096 ports, as
// with the 1024 to 65535 of many a tuning guide, the longest one outside of the NodePorts alone.
NatPorts nat_ports(const model::Snapshot& snapshot);

}  // namespace plan
