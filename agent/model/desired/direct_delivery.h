// Which packets go straight into a pod of this node, past its own stack, which sources the programs then have to refuse, and whether they
// ask the kernel's connection tracking. One row.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "abi/direct_delivery.h"
#include "base/ip.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

// Packets by where they come from.
struct Way {
  enum class From : uint8_t { kUplinks, kPods } from = From::kUplinks;
  base::Family family = base::Family::kIpv4;

  auto operator<=>(const Way&) const = default;
};
std::string way_name(const Way& way);  // "IPv4 from uplinks"

struct DirectDelivery {
  static constexpr std::string_view kKind = "direct_delivery";
  static constexpr KindFacts kFacts{"Which packets go straight into pods, past the node's own stack, and why others do not.", kAllSources,
                                    Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  std::map<Way, std::string> by_stack;  // what goes by the stack, and why; all else goes directly
  std::vector<base::Cidr> pod_cidrs;    // the node's own
  std::vector<base::Ip> own_addresses;  // the node's, and of pods outside of pod_cidrs
  bool pods_elsewhere = false;          // there are such pods
  bool kernel_translates = false;       // connections without a flow may be the kernel's
  ::direct_delivery image{};            // all of it as the programs read it, and all that a row read from the kernel has

  bool operator==(const DirectDelivery& other) const;
  std::string key() const { return "node"; }
};

// The row with its image.
DirectDelivery direct_delivery(std::map<Way, std::string> by_stack, std::vector<base::Cidr> pod_cidrs, std::vector<base::Ip> own_addresses,
                               bool pods_elsewhere, bool kernel_translates = false);

}  // namespace model::desired
