#include "io/kernel/netlink_rows.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

namespace io::kernel {
namespace {

template <class Fixed>
const Fixed* fixed_part(nlmsghdr* message) {
  if (nlmsg_datalen(message) < static_cast<int>(sizeof(Fixed))) return nullptr;
  return static_cast<const Fixed*>(nlmsg_data(message));
}

// Attributes by number; the array must have been given one element more than the highest.
template <class Fixed, size_t Size>
bool parse(nlmsghdr* message, nlattr* (&attributes)[Size]) {
  return nlmsg_parse(message, sizeof(Fixed), attributes, Size - 1, nullptr) == 0;
}

uint32_t number(nlattr* attribute) { return attribute && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : 0; }

std::string text(nlattr* attribute) {
  if (!attribute) return {};
  const char* start = static_cast<const char*>(nla_data(attribute));
  return std::string(start, strnlen(start, nla_len(attribute)));
}

base::Mac mac(nlattr* attribute) {
  base::Mac mac;
  if (attribute && nla_len(attribute) == static_cast<int>(mac.bytes.size()))
    std::memcpy(mac.bytes.data(), nla_data(attribute), mac.bytes.size());
  return mac;
}

// Unspecified when the attribute is absent.
base::Ip ip(nlattr* attribute) {
  base::Ip ip;
  if (!attribute) return ip;
  if (nla_len(attribute) == 4) {
    uint32_t address_be;
    std::memcpy(&address_be, nla_data(attribute), sizeof address_be);
    return base::Ip::from_v4_be(address_be);
  }
  if (nla_len(attribute) == 16) std::memcpy(ip.bytes.data(), nla_data(attribute), ip.bytes.size());
  return ip;
}

bool is_internet(uint8_t family) { return family == AF_INET || family == AF_INET6; }

RouteMessage with_next_hop(RouteMessage route, uint32_t ifindex, nlattr* gateway, nlattr* via) {
  route.ifindex = ifindex;
  route.row.gateway = ip(gateway);
  if (via && nla_len(via) == 18) {  // an IPv4 route by an IPv6 gateway: struct rtvia
    std::memcpy(route.row.gateway.bytes.data(), static_cast<const char*>(nla_data(via)) + 2, 16);
  }
  return route;
}

std::vector<RouteMessage> multipath(const RouteMessage& route, nlattr* hops) {
  std::vector<RouteMessage> routes;
  int remaining = nla_len(hops);
  for (auto* hop = static_cast<rtnexthop*>(nla_data(hops)); RTNH_OK(hop, remaining);) {
    nlattr* attributes[RTA_MAX + 1];
    int size = hop->rtnh_len - static_cast<int>(RTNH_LENGTH(0));
    if (nla_parse(attributes, RTA_MAX, reinterpret_cast<nlattr*>(RTNH_DATA(hop)), size, nullptr) == 0) {
      routes.push_back(with_next_hop(route, hop->rtnh_ifindex, attributes[RTA_GATEWAY], attributes[RTA_VIA]));
    }
    remaining -= RTNH_ALIGN(hop->rtnh_len);
    hop = RTNH_NEXT(hop);
  }
  return routes;
}

template <class Row, class Decode>
base::Result<std::vector<Row>> read_all(Netlink& netlink, const Message& request, Decode decode) {
  std::vector<Row> rows;
  TRY(netlink.dump(request, [&](nlmsghdr* message) {
    for (auto& row : decode(message)) rows.push_back(std::move(row));
  }));
  return rows;
}

template <class Row>
std::vector<Row> as_list(std::optional<Row> row) {
  if (!row) return {};
  return {std::move(*row)};
}

}  // namespace

uint8_t address_family(base::Family family) { return family == base::Family::kIpv4 ? AF_INET : AF_INET6; }

std::optional<LinkMessage> decode_link(nlmsghdr* message) {
  const auto* fixed = fixed_part<ifinfomsg>(message);
  nlattr* attributes[IFLA_MAX + 1];
  if (!fixed || fixed->ifi_family != AF_UNSPEC || !parse<ifinfomsg>(message, attributes)) return std::nullopt;
  LinkMessage link;
  link.row.name = text(attributes[IFLA_IFNAME]);
  link.row.ifindex = fixed->ifi_index;
  link.row.type = fixed->ifi_type;
  link.row.alias = text(attributes[IFLA_IFALIAS]);
  link.row.mac = mac(attributes[IFLA_ADDRESS]);
  link.row.mtu = number(attributes[IFLA_MTU]);
  link.row.up = fixed->ifi_flags & IFF_UP;
  link.row.carrier = fixed->ifi_flags & (1 << 16);  // IFF_LOWER_UP, which <net/if.h> does not know
  link.row.loopback = fixed->ifi_flags & IFF_LOOPBACK;
  link.row.master = number(attributes[IFLA_MASTER]);
  link.peer_ifindex = number(attributes[IFLA_LINK]);
  if (attributes[IFLA_LINK_NETNSID]) link.peer_netns = static_cast<int32_t>(number(attributes[IFLA_LINK_NETNSID]));
  nlattr* kind[IFLA_INFO_MAX + 1];
  if (attributes[IFLA_LINKINFO] && nla_parse_nested(kind, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nullptr) == 0) {
    link.row.kind = text(kind[IFLA_INFO_KIND]);
  }
  return link;
}

std::optional<AddressMessage> decode_address(nlmsghdr* message) {
  const auto* fixed = fixed_part<ifaddrmsg>(message);
  nlattr* attributes[IFA_MAX + 1];
  if (!fixed || !is_internet(fixed->ifa_family) || !parse<ifaddrmsg>(message, attributes)) return std::nullopt;
  // With a peer, IFA_ADDRESS is the peer's; IPv6 without one has only IFA_ADDRESS.
  nlattr* own = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (!own) return std::nullopt;
  const uint32_t flags = attributes[IFA_FLAGS] ? number(attributes[IFA_FLAGS]) : fixed->ifa_flags;
  const bool in_doubt = (flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC);
  return AddressMessage{.ifindex = fixed->ifa_index,
                        .row = {.link = "",
                                .cidr = {ip(own), fixed->ifa_prefixlen},
                                .scope = fixed->ifa_scope,
                                .secondary = (flags & IFA_F_SECONDARY) != 0,
                                .deprecated = (flags & IFA_F_DEPRECATED) != 0,
                                .unusable = in_doubt || (flags & IFA_F_DADFAILED)}};
}

std::vector<RouteMessage> decode_route(nlmsghdr* message) {
  const auto* fixed = fixed_part<rtmsg>(message);
  nlattr* attributes[RTA_MAX + 1];
  if (!fixed || !is_internet(fixed->rtm_family) || fixed->rtm_flags & RTM_F_CLONED || !parse<rtmsg>(message, attributes)) return {};
  RouteMessage route;
  base::Ip unspecified = fixed->rtm_family == AF_INET ? base::Ip::from_v4_be(0) : base::Ip{};
  route.row.destination = {attributes[RTA_DST] ? ip(attributes[RTA_DST]) : unspecified, fixed->rtm_dst_len};
  route.row.protocol = fixed->rtm_protocol;
  route.row.type = fixed->rtm_type;
  route.row.table = attributes[RTA_TABLE] ? number(attributes[RTA_TABLE]) : fixed->rtm_table;
  route.row.metric = number(attributes[RTA_PRIORITY]);
  route.row.source = ip(attributes[RTA_PREFSRC]);
  if (attributes[RTA_MULTIPATH]) return multipath(route, attributes[RTA_MULTIPATH]);
  return {with_next_hop(route, number(attributes[RTA_OIF]), attributes[RTA_GATEWAY], attributes[RTA_VIA])};
}

std::optional<NeighborMessage> decode_neighbor(nlmsghdr* message) {
  const auto* fixed = fixed_part<ndmsg>(message);
  nlattr* attributes[NDA_MAX + 1];
  if (!fixed || !is_internet(fixed->ndm_family) || !parse<ndmsg>(message, attributes) || !attributes[NDA_DST]) return std::nullopt;
  NeighborMessage neighbor;
  neighbor.ifindex = fixed->ndm_ifindex;
  neighbor.row = {ip(attributes[NDA_DST]), "", mac(attributes[NDA_LLADDR]), fixed->ndm_state};
  if (attributes[NDA_PROTOCOL]) neighbor.protocol = nla_get_u8(attributes[NDA_PROTOCOL]);
  return neighbor;
}

std::optional<ReversePathFilterMessage> decode_reverse_path_filter(nlmsghdr* message) {
  const auto* fixed = fixed_part<netconfmsg>(message);
  nlattr* attributes[NETCONFA_MAX + 1];
  if (!fixed || fixed->ncm_family != AF_INET || !parse<netconfmsg>(message, attributes) || !attributes[NETCONFA_IFINDEX] ||
      !attributes[NETCONFA_RP_FILTER])
    return std::nullopt;
  return ReversePathFilterMessage{static_cast<int32_t>(number(attributes[NETCONFA_IFINDEX])),
                                  static_cast<uint8_t>(number(attributes[NETCONFA_RP_FILTER]))};
}

base::Result<std::vector<ReversePathFilterMessage>> read_reverse_path_filters(Netlink& netlink) {
  netconfmsg fixed{};
  fixed.ncm_family = AF_INET;
  Message request(RTM_GETNETCONF, 0);
  request.header(fixed);
  return read_all<ReversePathFilterMessage>(netlink, request,
                                            [](nlmsghdr* message) { return as_list(decode_reverse_path_filter(message)); });
}

base::Result<std::vector<LinkMessage>> read_links(Netlink& netlink) {
  Message request(RTM_GETLINK, 0);
  request.header(ifinfomsg{}).put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return read_all<LinkMessage>(netlink, request, [](nlmsghdr* message) { return as_list(decode_link(message)); });
}

base::Result<std::vector<AddressMessage>> read_addresses(Netlink& netlink) {
  Message request(RTM_GETADDR, 0);
  request.header(ifaddrmsg{});
  return read_all<AddressMessage>(netlink, request, [](nlmsghdr* message) { return as_list(decode_address(message)); });
}

base::Result<std::vector<RouteMessage>> read_routes(Netlink& netlink, RouteSelection selection) {
  std::vector<RouteMessage> routes;
  for (uint8_t family : {AF_INET, AF_INET6}) {
    rtmsg fixed{};
    fixed.rtm_family = family;
    fixed.rtm_protocol = selection.protocol;
    Message request(RTM_GETROUTE, 0);
    request.header(fixed);
    if (selection.table) request.put_u32(RTA_TABLE, selection.table);
    auto rows = read_all<RouteMessage>(netlink, request, decode_route);
    if (!rows && rows.error().code == ENOENT) continue;  // the table has never held a route of this family
    for (auto& row : TRY(std::move(rows))) routes.push_back(std::move(row));
  }
  return routes;
}

base::Result<std::vector<NeighborMessage>> read_neighbors(Netlink& netlink) {
  Message request(RTM_GETNEIGH, 0);
  request.header(ndmsg{});
  return read_all<NeighborMessage>(netlink, request, [](nlmsghdr* message) { return as_list(decode_neighbor(message)); });
}

base::Result<LinkMessage> read_link(Netlink& netlink, const std::string& name) {
  if (name.empty() || name.size() >= IF_NAMESIZE) return base::system_error(ENODEV, "link \"" + name + "\"");
  Message request(RTM_GETLINK, 0);
  request.header(ifinfomsg{}).put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS).put(IFLA_IFNAME, name);
  std::optional<LinkMessage> link;
  TRY_IN(netlink.request(request, [&link](nlmsghdr* message) { link = decode_link(message); }), "link " + name);
  if (!link) return base::system_error(ENODEV, "link " + name);
  return *link;
}

std::string link_name(uint32_t number) {
  char name[IF_NAMESIZE];
  return if_indextoname(number, name) ? name : "#" + std::to_string(number);
}

base::Result<uint32_t> link_number(const std::string& name) {
  if (name.starts_with('#')) return static_cast<uint32_t>(std::strtoul(name.c_str() + 1, nullptr, 10));
  const uint32_t number = if_nametoindex(name.c_str());
  if (number == 0) return base::system_error(ENODEV, "link " + name);
  return number;
}

base::Result<int32_t> read_netns_id(Netlink& netlink, int netns_fd) {
  Message request(RTM_GETNSID, 0);
  request.header(rtgenmsg{}).put_u32(NETNSA_FD, static_cast<uint32_t>(netns_fd));
  int32_t id = -1;
  TRY_IN(netlink.request(request,
                         [&id](nlmsghdr* message) {
                           nlattr* attributes[NETNSA_MAX + 1];
                           if (parse<rtgenmsg>(message, attributes) && attributes[NETNSA_NSID])
                             id = static_cast<int32_t>(number(attributes[NETNSA_NSID]));
                         }),
         "number of a network namespace");
  return id;
}

}  // namespace io::kernel
