// What ichor-cni prints: results and errors in the form of the CNI version that was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "io/cni/protocol.h"

namespace io::cni {

// How a pod hangs on the network, as the agent reports it.
struct Attachment {
  std::string host_link;
  std::string host_mac, pod_mac;    // "02:00:..."; empty: the link has none
  std::vector<base::Ip> addresses;  // the pod's, at most one per family
  std::vector<base::Ip> gateways;   // of the default routes, at most one per family
  uint32_t mtu = 0;                 // bytes; 0: unknown

  bool operator==(const Attachment&) const = default;
};

// ADD's result: the host's link first, then the pod's, which all addresses refer to.
std::string render_result(const Invocation& invocation, const Attachment& attachment);
std::string render_failure(std::string_view version, const Failure& failure);
std::string render_versions(std::string_view version);

}  // namespace io::cni
