#include "io/kernel/pod_side.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <sched.h>

#include "base/clock.h"
#include "io/kernel/netns.h"
#include "io/kernel/sysctls.h"
#include "model/desired/gateways.h"

namespace io::kernel {
namespace {

using model::desired::kRouteProtocol;
using model::desired::PodLink;

constexpr base::Millis kAddressPatience{200};  // a local route is made by a kernel worker within a millisecond

base::Result<void> put_address(Netlink& netlink, uint32_t ifindex, const base::Ip& ip) {
  ifaddrmsg fixed{};
  fixed.ifa_family = address_family(ip.family());
  fixed.ifa_prefixlen = ip.width();
  fixed.ifa_index = ifindex;
  Message request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  request.header(fixed).put(IFA_LOCAL, ip).put(IFA_ADDRESS, ip);
  if (!ip.is_v4()) request.put_u32(IFA_FLAGS, IFA_F_NODAD);
  TRY_IN(netlink.request(request), "address " + base::to_string(ip));
  return {};
}

base::Result<void> put_gateway_neighbor(Netlink& netlink, uint32_t ifindex, const base::Ip& gateway, const base::Mac& mac) {
  ndmsg fixed{};
  fixed.ndm_family = address_family(gateway.family());
  fixed.ndm_ifindex = static_cast<int>(ifindex);
  fixed.ndm_state = NUD_PERMANENT;
  Message request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  request.header(fixed).put(NDA_DST, gateway).put(NDA_LLADDR, mac).put_u8(NDA_PROTOCOL, kRouteProtocol);
  TRY_IN(netlink.request(request), "neighbour " + base::to_string(gateway));
  return {};
}

// Two interfaces of one pod have the same gateway, so their routes differ by metric alone. The first has the kernel's own metric; one that
// finds a default route of another interface gets one beyond it and of its own, so that it takes nothing over, leaves nothing missing when
// it goes, and stands in when the first goes.
constexpr uint32_t kLaterMetric = 0x6900;  // far above IPv6's 1024 (IP6_RT_PRIO_USER)

base::Result<uint32_t> choose_metric(Netlink& netlink, uint32_t ifindex, base::Family family) {
  for (const auto& route : TRY(read_routes(netlink, {.table = RT_TABLE_MAIN}))) {
    const auto& [destination, length] = route.row.destination;
    if (length == 0 && destination.family() == family && route.ifindex != ifindex && route.row.metric < kLaterMetric)
      return kLaterMetric + ifindex;
  }
  return uint32_t{0};
}

Message route_request(base::Family family, uint8_t length, uint8_t scope, uint32_t ifindex) {
  rtmsg fixed{};
  fixed.rtm_family = address_family(family);
  fixed.rtm_dst_len = length;
  fixed.rtm_table = RT_TABLE_MAIN;
  fixed.rtm_protocol = kRouteProtocol;
  fixed.rtm_scope = scope;
  fixed.rtm_type = RTN_UNICAST;
  Message request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  request.header(fixed).put_u32(RTA_OIF, ifindex);
  return request;
}

base::Result<void> put_routes(Netlink& netlink, uint32_t ifindex, base::Family family) {
  const base::Ip& gateway = model::desired::pod_gateway(family);
  const uint32_t metric = TRY(choose_metric(netlink, ifindex, family));
  Message to_gateway = route_request(family, gateway.width(), RT_SCOPE_LINK, ifindex);
  to_gateway.put(RTA_DST, gateway);
  if (metric) to_gateway.put_u32(RTA_PRIORITY, metric);
  TRY_IN(netlink.request(to_gateway), "route to the gateway");
  Message by_default = route_request(family, 0, RT_SCOPE_UNIVERSE, ifindex);
  by_default.put(RTA_GATEWAY, gateway);
  if (metric) by_default.put_u32(RTA_PRIORITY, metric);
  TRY_IN(netlink.request(by_default), "default route");
  return {};
}

// The kernel makes an IPv6 address's local route later, in a worker, duplicate detection or not; until then nothing is received.
base::Result<void> await_local_route(Netlink& netlink, const base::Ip& ip) {
  rtmsg fixed{};
  fixed.rtm_family = address_family(ip.family());
  fixed.rtm_dst_len = ip.width();
  Message request(RTM_GETROUTE, 0);
  request.header(fixed).put(RTA_DST, ip);
  auto until = base::boot_now() + kAddressPatience;
  while (true) {
    bool local = false;
    auto answer = netlink.request(request, [&local](nlmsghdr* message) {
      for (const auto& route : decode_route(message)) local |= route.row.type == RTN_LOCAL;
    });
    if (local) return {};
    if (base::boot_now() > until) return base::system_error(ETIMEDOUT, "address " + base::to_string(ip) + " is not in use by the kernel");
    sched_yield();
  }
}

// Neither learned nor invented addresses, and none that must first be asked for.
base::Result<void> set_ipv6_link(const std::string& ifname) {
  std::vector<std::string> path = {"net", "ipv6", "conf", ifname, ""};
  for (auto [setting, value] : {std::pair{"disable_ipv6", "0"}, {"addr_gen_mode", "1"}, {"accept_ra", "0"}, {"accept_dad", "0"}}) {
    path.back() = setting;
    TRY(write_sysctl("/proc/sys", path, value));
  }
  return {};
}

base::Result<void> configure_here(const PodLink& row) {
  Netlink netlink = TRY(Netlink::open());
  LinkMessage link = TRY(read_link(netlink, row.ifname));
  bool has_ipv6 = false;
  for (const auto& ip : row.addresses) has_ipv6 |= !ip.is_v4();
  if (has_ipv6) TRY(set_ipv6_link(row.ifname));
  TRY(set_link_up(netlink, "lo"));
  TRY(set_link_up(netlink, row.ifname));
  for (const auto& ip : row.addresses) {
    TRY(put_address(netlink, link.row.ifindex, ip));
    if (model::has_link_addresses(row.kind))
      TRY(put_gateway_neighbor(netlink, link.row.ifindex, model::desired::pod_gateway(ip.family()), row.host_mac));
    TRY(put_routes(netlink, link.row.ifindex, ip.family()));
  }
  for (const auto& ip : row.addresses) {
    if (!ip.is_v4()) TRY(await_local_route(netlink, ip));
  }
  TRY(read_link(netlink, row.ifname));  // settles the carrier, see there
  return {};
}

}  // namespace

base::Result<void> set_link_up(Netlink& netlink, const std::string& name, const std::string& alias) {
  ifinfomsg fixed{};
  fixed.ifi_flags = IFF_UP;
  fixed.ifi_change = IFF_UP;
  Message request(RTM_NEWLINK, 0);
  request.header(fixed).put(IFLA_IFNAME, name);
  if (!alias.empty()) request.put(IFLA_IFALIAS, alias.data(), alias.size());
  TRY_IN(netlink.request(request), "link " + name + ": up");
  return {};
}

base::Result<LinkMessage> read_pod_side(const PodLink& row) {
  NetnsVisit visit = TRY(NetnsVisit::enter(row.netns->get()));
  Netlink netlink = TRY(Netlink::open());
  return read_link(netlink, row.ifname);
}

base::Result<void> configure_pod_side(const PodLink& row) {
  NetnsVisit visit = TRY(NetnsVisit::enter(row.netns->get()));
  TRY_IN(configure_here(row), "link " + row.name + ": in the pod's namespace");
  return {};
}

}  // namespace io::kernel
