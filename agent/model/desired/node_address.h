// Addresses at which NodePorts are called.
#pragma once

#include <string>
#include <string_view>

#include "base/ip.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

// Every NodePort is reached at each of them: a node that joins adds such rows, and no frontend.
struct NodeAddress {
  static constexpr std::string_view kKind = "node_addresses";
  static constexpr KindFacts kFacts{"Addresses of this node and its peers, at each of which every NodePort is reached.", kAllSources,
                                    Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  base::Ip address;
  bool peer = false;       // another node's, which chooses itself where externalTrafficPolicy is Local
  bool host_only = false;  // for sockets in the node's own network namespace alone; a loopback address means another machine elsewhere

  bool operator==(const NodeAddress&) const = default;
  std::string key() const { return base::to_string(address); }
};

}  // namespace model::desired
