// The pod's end of its link: addresses, routes and neighbours in the pod's network namespace.
#pragma once

#include "io/kernel/netlink_rows.h"
#include "model/desired/rows.h"

namespace io::kernel {

// The pod's end as it stands in row.netns. ENODEV: there is no link named row.ifname.
base::Result<LinkMessage> read_pod_side(const model::desired::PodLink& row);

// Sets it up, or what is missing of it; at return the addresses can be used. The end itself must be there.
base::Result<void> configure_pod_side(const model::desired::PodLink& row);

// Changes to a link, by name, in the socket's namespace. An empty alias leaves the one that is there.
base::Result<void> set_link_up(Netlink& netlink, const std::string& name, const std::string& alias = "");

}  // namespace io::kernel
