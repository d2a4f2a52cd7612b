// Masquerade: what pods send to the world leaves with an address of the node.
#pragma once

#include <string>
#include <string_view>

#include "base/ip.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

// Destinations that see pods' own addresses. IPv6 prefixes hold no IPv4 address.
struct Unmasqueraded {
  static constexpr std::string_view kKind = "unmasqueraded";
  static constexpr KindFacts kFacts{"Destinations to which pods keep their own addresses: pods, nodes, and what the settings name.",
                                    kAllSources, Removal::kAtOnce, Reread::kNever, MadeIn::kNode};
  base::Cidr prefix;   // canonical
  std::string reason;  // for people, and in no map

  bool operator==(const Unmasqueraded& other) const { return prefix == other.prefix; }
  std::string key() const { return base::to_string(prefix); }
};

// Packets that leave by that uplink and need another source address of that family get this one: those of pods to the world, and those
// that Services send on to backends elsewhere.
struct MasqueradeSource {
  static constexpr std::string_view kKind = "masquerade_sources";
  static constexpr KindFacts kFacts{"The node's address with which translated packets leave by an uplink.", kAllSources, Removal::kAtOnce,
                                    Reread::kOnNetworkHints, MadeIn::kNode};
  std::string uplink;
  base::Ip address;
  bool for_pods = false;  // pods' packets to the world too: masquerade

  bool operator==(const MasqueradeSource&) const = default;
  std::string key() const { return uplink + "/" + std::string(base::family_name(address.family())); }
};

}  // namespace model::desired
