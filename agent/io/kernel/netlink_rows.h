// What rtnetlink says about links, addresses, routes and neighbours, decoded. Links are named by number: names change, and only
// the reader knows which number has which name now; the rows' `link` is left empty.
#pragma once

#include <linux/rtnetlink.h>

#include <optional>
#include <string>
#include <vector>

#include "io/kernel/netlink.h"
#include "model/host/link.h"

namespace io::kernel {

struct LinkMessage {
  model::Link row;
  uint32_t peer_ifindex = 0;  // IFLA_LINK, a veth's other side, in the namespace of that number
  int32_t peer_netns = -1;    // IFLA_LINK_NETNSID; -1: this one
};
struct AddressMessage {
  uint32_t ifindex = 0;
  model::Address row;
};
struct RouteMessage {
  uint32_t ifindex = 0;  // 0: none (blackhole and its like)
  model::HostRoute row;
};
struct NeighborMessage {
  uint32_t ifindex = 0;
  model::HostNeighbor row;
  uint8_t protocol = 0;
};

// net.ipv4.conf.LINK.rp_filter.
struct ReversePathFilterMessage {
  int32_t ifindex = 0;  // NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT: what these are for
  uint8_t value = 0;
};

// From one message of type RTM_NEW* or RTM_DEL*; nullopt: a family that is none of ours, or cut short.
std::optional<LinkMessage> decode_link(nlmsghdr* message);
std::optional<AddressMessage> decode_address(nlmsghdr* message);
std::vector<RouteMessage> decode_route(nlmsghdr* message);  // one for each next hop
std::optional<NeighborMessage> decode_neighbor(nlmsghdr* message);
std::optional<ReversePathFilterMessage> decode_reverse_path_filter(nlmsghdr* message);  // nullopt: of something else, too

// Everything there is now in the socket's namespace.
base::Result<std::vector<LinkMessage>> read_links(Netlink& netlink);
base::Result<std::vector<AddressMessage>> read_addresses(Netlink& netlink);
// Zero table or protocol: all. The kernel does the selection.
struct RouteSelection {
  uint32_t table = 0;
  uint8_t protocol = 0;
};
base::Result<std::vector<RouteMessage>> read_routes(Netlink& netlink, RouteSelection selection);
base::Result<std::vector<NeighborMessage>> read_neighbors(Netlink& netlink);
base::Result<std::vector<ReversePathFilterMessage>> read_reverse_path_filters(Netlink& netlink);

// One link. ENODEV: there is none of that name. The kernel settles the link's pending change of carrier before it answers.
base::Result<LinkMessage> read_link(Netlink& netlink, const std::string& name);

// The number by which links of the socket's namespace name another one (LinkMessage::peer_netns); -1: it has none, so nothing leads there.
base::Result<int32_t> read_netns_id(Netlink& netlink, int netns_fd);

// Links as maps have them, by number. "#NUMBER", which no link is called, for one that is gone.
std::string link_name(uint32_t number);
// Of such a name, too. ENODEV: no such link.
base::Result<uint32_t> link_number(const std::string& name);

uint8_t address_family(base::Family family);  // AF_INET, AF_INET6

}  // namespace io::kernel
