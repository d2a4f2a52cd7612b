// The node's own network as netlink reports it. Rows of links are keyed by name, addresses and routes by their text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/mac.h"
#include "model/table_facts.h"

namespace model {

struct Link {
  static constexpr TableFacts kTable{"links", "link", "The node's network links."};
  std::string name;
  uint32_t ifindex = 0;
  std::string kind;   // rtnetlink's IFLA_INFO_KIND, "" for physical links
  std::string alias;  // IFLA_IFALIAS, "" for most
  base::Mac mac;
  uint32_t mtu = 0;      // bytes
  bool up = false;       // IFF_UP
  bool carrier = false;  // IFF_LOWER_UP
  bool loopback = false;
  uint32_t master = 0;    // ifindex, 0: none
  uint16_t type = 1;      // ARPHRD_*, 1: Ethernet
  uint8_t rp_filter = 0;  // as in force, that of `all` counted in: 1 strict, 2 loose (ip-sysctl)

  bool operator==(const Link&) const = default;
  bool has_ethernet_header() const { return type == 1; }
};

struct Address {
  static constexpr TableFacts kTable{"addresses", "", "The node's own addresses."};
  std::string link;
  base::Cidr cidr;          // host bits kept
  uint8_t scope = 0;        // RT_SCOPE_*
  bool secondary = false;   // IFA_F_SECONDARY: of a prefix that has a primary one; of IPv6 a temporary address (RFC 8981)
  bool deprecated = false;  // IFA_F_DEPRECATED: for what has begun with it
  bool unusable = false;    // IFA_F_TENTATIVE, IFA_F_DADFAILED: not known to be this node's alone

  bool operator==(const Address&) const = default;
};

constexpr uint32_t kMainTable = 254;  // RT_TABLE_MAIN

struct HostRoute {
  static constexpr TableFacts kTable{"host_routes", "", "The node's routes, whoever made them."};
  base::Cidr destination;  // ::ffff:0:0 with length 0: IPv4 default
  base::Ip gateway;        // unspecified: on link
  std::string link;
  uint8_t protocol = 0;  // RTPROT_*; 0x69 is ichor's
  uint8_t type = 0;      // RTN_*
  uint32_t table = 0;
  uint32_t metric = 0;
  base::Ip source{};  // preferred; unspecified: the kernel's choice

  bool operator==(const HostRoute&) const = default;
};

// A link that had a default route of the main table and has none now; the row goes when one comes again, or with the link.
struct LostDefaultRoute {
  static constexpr TableFacts kTable{"lost_default_routes", "link",
                                     "Links that had a default route and have none now; uplinks among them stay uplinks for a minute."};
  std::string link;
  base::BootTime since{};

  bool operator==(const LostDefaultRoute&) const = default;
};
constexpr uint8_t kRouteProtocol = 0x69;  // marks ichor's routes and neighbours

// Made by somebody else in the main table and no default: what it leads to is not ichor's to route.
inline bool is_foreign(const HostRoute& route) {
  return route.protocol != kRouteProtocol && route.table == kMainTable && route.destination.length != 0;
}

std::string route_protocol_name(uint8_t protocol);  // RTPROT_*: "static", as ip-route(8) has it
std::string route_type_name(uint8_t type);          // RTN_*: "unreachable"

struct HostNeighbor {
  static constexpr TableFacts kTable{"host_neighbors", "", "The node's neighbour entries, whoever made them."};
  base::Ip address;
  std::string link;
  base::Mac mac;
  uint16_t state = 0;  // NUD_*

  bool operator==(const HostNeighbor&) const = default;
};

}  // namespace model
