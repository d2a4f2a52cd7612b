// A Node (core/v1): what routing, IPAM and endpoint selection need of it.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "model/cluster/object.h"

namespace model {

struct Node {
  static constexpr TableFacts kTable{"nodes", "node", "Nodes with their addresses and pod CIDRs."};
  ObjectMeta meta;
  std::vector<base::Cidr> pod_cidrs;   // canonical
  std::vector<base::Ip> internal_ips;  // status.addresses of type InternalIP, in order
  std::vector<base::Ip> external_ips;
  bool being_deleted = false;        // metadata.deletionTimestamp is set
  bool ready = false;                // status.conditions holds Ready with status True
  bool network_unavailable = false;  // status.conditions holds NetworkUnavailable with status True
  std::vector<std::string> taint_keys;

  bool operator==(const Node&) const = default;
};

}  // namespace model
