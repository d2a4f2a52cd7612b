// The canary's addresses and names: a Service and a pod of ichor's own, on link-local addresses that only this node knows.
// sources/canary listens and connects, plan/canary makes the Service, plan/pods the pod's link.
#pragma once

#include "base/ip.h"

namespace model {

inline const base::Ip kCanaryServiceAddress = *base::parse_ip("169.254.105.2");
constexpr uint16_t kCanaryServicePort = 9;  // discard (RFC 863); TCP
// On the host side of the canary's pod link.
inline const base::Ip kCanaryListenerAddress = *base::parse_ip("169.254.105.3");
inline const base::Ip kCanaryPodAddress = *base::parse_ip("169.254.105.4");
constexpr const char* kCanaryIfname = "eth0";

}  // namespace model
