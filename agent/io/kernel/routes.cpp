#include "io/kernel/routes.h"

#include <net/if.h>

#include <map>

#include "io/kernel/netlink_rows.h"

namespace io::kernel {
namespace {

using model::desired::kRouteProtocol;
using model::desired::Route;
using model::desired::RouteType;

constexpr uint32_t kIpv6Metric = 1024;  // what the kernel makes of no metric (IP6_RT_PRIO_USER)

uint32_t default_metric(base::Family family) { return family == base::Family::kIpv4 ? 0 : kIpv6Metric; }
uint32_t metric_of(const Route& row) { return row.metric ? row.metric : default_metric(row.destination.address.family()); }
uint8_t type_of(const Route& row) { return row.type == RouteType::kUnicast ? RTN_UNICAST : RTN_UNREACHABLE; }

std::string describe(const Route& row) {
  std::string text = row.type == RouteType::kUnicast ? "route " : "unreachable route ";
  text += base::to_string(row.destination);
  if (!row.gateway.is_unspecified()) text += " via " + base::to_string(row.gateway);
  if (!row.link.empty()) text += " dev " + row.link;
  return text;
}

std::string describe_foreign(const RouteMessage& route, const std::string& link) {
  std::string text = base::to_string(route.row.destination);
  if (route.row.type != RTN_UNICAST) text += " of type " + std::to_string(route.row.type);
  if (!route.row.gateway.is_unspecified()) text += " via " + base::to_string(route.row.gateway);
  if (!link.empty()) text += " dev " + link;
  return text + " with protocol " + std::to_string(route.row.protocol);
}

base::Result<std::string> link_name(Netlink& netlink, uint32_t ifindex) {
  for (auto& link : TRY(read_links(netlink))) {
    if (link.row.ifindex == ifindex) return link.row.name;
  }
  return std::string();
}

base::Error explain(const base::Error& error, const Route& row) {
  std::string text = describe(row) + ": " + error.text;
  if (error.code == ENETUNREACH || error.code == EHOSTUNREACH) {
    text = describe(row) + ": no link of this node reaches " + base::to_string(row.gateway) +
           " directly; nodes that share no segment need a router that knows their pod CIDRs (" + error.text + ")";
    return base::Error{ENETUNREACH, text};
  }
  return base::Error{error.code, text};
}

rtmsg fixed_part(const Route& row) {
  rtmsg fixed{};
  fixed.rtm_family = address_family(row.destination.address.family());
  fixed.rtm_dst_len = row.destination.length;
  fixed.rtm_table = RT_TABLE_MAIN;
  fixed.rtm_protocol = kRouteProtocol;
  bool on_link = row.gateway.is_unspecified() && row.type == RouteType::kUnicast;
  fixed.rtm_scope = on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  fixed.rtm_type = type_of(row);
  return fixed;
}

base::Result<void> send(Netlink& netlink, const Route& row, uint16_t flags) {
  Message request(RTM_NEWROUTE, NLM_F_CREATE | flags);
  request.header(fixed_part(row));
  request.put(RTA_DST, row.destination.address);
  if (row.metric) request.put_u32(RTA_PRIORITY, row.metric);
  if (!row.link.empty()) request.put_u32(RTA_OIF, TRY_IN(read_link(netlink, row.link), describe(row)).row.ifindex);
  if (!row.gateway.is_unspecified()) request.put(RTA_GATEWAY, row.gateway);
  if (!row.source.is_unspecified()) request.put(RTA_PREFSRC, row.source);
  return netlink.request(request);
}

// Replacing takes whatever route has the same destination and metric, so look first whose it is.
base::Result<void> replace_own(Netlink& netlink, const Route& row) {
  for (const auto& route : TRY(read_routes(netlink, {RT_TABLE_MAIN, 0}))) {
    bool in_the_way = route.row.destination == row.destination && route.row.metric == metric_of(row);
    if (!in_the_way || route.row.protocol == kRouteProtocol) continue;
    std::string foreign = describe_foreign(route, TRY(link_name(netlink, route.ifindex)));
    return base::Error{EEXIST, "a route that is not ichor's stands in the way: " + foreign};
  }
  return send(netlink, row, NLM_F_REPLACE);
}

}  // namespace

base::Result<std::vector<Route>> RouteStore::list() {
  Netlink& netlink = *TRY(netlink_.get());
  std::map<uint32_t, std::string> links;
  for (auto& link : TRY(read_links(netlink))) links[link.row.ifindex] = link.row.name;
  std::vector<Route> rows;
  for (const auto& route : TRY(read_routes(netlink, {RT_TABLE_MAIN, kRouteProtocol}))) {
    bool unicast = route.row.type == RTN_UNICAST;
    if (!unicast && route.row.type != RTN_UNREACHABLE) continue;
    // The loopback that IPv6 puts such a route on says nothing.
    std::string link = unicast ? links[route.ifindex] : "";
    uint32_t metric = route.row.metric == default_metric(route.row.destination.address.family()) ? 0 : route.row.metric;
    rows.push_back({route.row.destination, route.row.gateway, std::move(link), route.row.source, metric,
                    unicast ? RouteType::kUnicast : RouteType::kUnreachable});
  }
  return rows;
}

base::Result<void> RouteStore::put(const Route& row, const Route*) {
  Netlink& netlink = *TRY(netlink_.get());
  auto made = send(netlink, row, NLM_F_EXCL);
  if (!made && made.error().code == EEXIST) made = replace_own(netlink, row);
  if (!made) return explain(made.error(), row);
  return {};
}

base::Result<void> RouteStore::remove(const Route& actual) {
  Netlink& netlink = *TRY(netlink_.get());
  rtmsg fixed = fixed_part(actual);
  fixed.rtm_scope = RT_SCOPE_NOWHERE;  // any
  Message request(RTM_DELROUTE, 0);
  request.header(fixed).put(RTA_DST, actual.destination.address).put_u32(RTA_PRIORITY, metric_of(actual));
  auto removed = netlink.request(request);
  if (removed || removed.error().code == ESRCH || removed.error().code == ENOENT || removed.error().code == ENODEV) return {};
  return base::with_context(removed.error(), describe(actual) + ": delete");
}

}  // namespace io::kernel
