// Where load balancers ask about this node.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

// A TCP port that this process listens on. With a Service it says how many of its endpoints are here (healthCheckNodePort), without one
// how the node itself is (kube-proxy's /healthz and /livez). What it answers follows the row, and the listener stays.
struct HealthCheck {
  static constexpr std::string_view kKind = "health_checks";
  static constexpr KindFacts kFacts{"Ports at which load balancers ask whether this node takes traffic, of one Service or of any.",
                                    kAllSources, Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  static constexpr int64_t kBeforeAll = std::numeric_limits<int64_t>::min();
  base::Ip address;              // unspecified: every address of its family that the node has or gets
  uint16_t port = 0;             // host order
  std::string service = {};      // NAMESPACE/NAME; empty: the node
  uint32_t local_endpoints = 0;  // of the Service, ready ones on this node
  bool node_eligible = true;     // of the node: nobody is about to take it away
  int64_t since = 0;             // when the Service was made, seconds since 1970; no client sees it

  bool operator==(const HealthCheck& other) const {
    return address == other.address && port == other.port && service == other.service && local_endpoints == other.local_endpoints &&
           node_eligible == other.node_eligible;
  }
  std::string key() const { return base::endpoint_text(address, port); }
  int64_t rank() const { return since; }
};

}  // namespace model::desired
