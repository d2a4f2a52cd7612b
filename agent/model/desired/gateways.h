// What a pod sees as its router: link-local addresses that no link carries. The pod knows their MAC, the host side's of its own link,
// by permanent neighbour entries, so nobody ever asks for them.
#pragma once

#include "base/ip.h"

namespace model::desired {

inline const base::Ip kPodGateway4 = *base::parse_ip("169.254.105.105");
inline const base::Ip kPodGateway6 = *base::parse_ip("fe80::69");

inline const base::Ip& pod_gateway(base::Family family) { return family == base::Family::kIpv4 ? kPodGateway4 : kPodGateway6; }

}  // namespace model::desired
