#include "io/kernel/neighbors.h"

#include <linux/neighbour.h>
#include <net/if.h>

#include <map>

#include "io/kernel/netlink_rows.h"
#include "model/host/pod_link.h"

namespace io::kernel {
namespace {

using model::desired::Neighbor;

std::string describe(const Neighbor& row) { return "neighbour " + base::to_string(row.address) + " on " + row.link; }

ndmsg fixed_part(const Neighbor& row, uint32_t ifindex) {
  ndmsg fixed{};
  fixed.ndm_family = address_family(row.address.family());
  fixed.ndm_ifindex = static_cast<int>(ifindex);
  fixed.ndm_state = NUD_PERMANENT;
  return fixed;
}

}  // namespace

base::Result<std::vector<Neighbor>> NeighborStore::list() {
  Netlink& netlink = *TRY(netlink_.get());
  std::map<uint32_t, std::string> pod_links;
  for (auto& link : TRY(read_links(netlink))) {
    if (model::is_pod_link(link.row)) pod_links[link.row.ifindex] = link.row.name;
  }
  std::vector<Neighbor> rows;
  for (const auto& found : TRY(read_neighbors(netlink))) {
    auto link = pod_links.find(found.ifindex);
    if (link == pod_links.end() || found.protocol != model::desired::kRouteProtocol || !(found.row.state & NUD_PERMANENT)) continue;
    rows.push_back({link->second, found.row.address, found.row.mac});
  }
  return rows;
}

base::Result<void> NeighborStore::put(const Neighbor& row, const Neighbor*) {
  Netlink& netlink = *TRY(netlink_.get());
  uint32_t ifindex = TRY_IN(read_link(netlink, row.link), describe(row)).row.ifindex;
  Message request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  request.header(fixed_part(row, ifindex)).put(NDA_DST, row.address).put(NDA_LLADDR, row.mac);
  request.put_u8(NDA_PROTOCOL, model::desired::kRouteProtocol);
  TRY_IN(netlink.request(request), describe(row));
  return {};
}

base::Result<void> NeighborStore::remove(const Neighbor& actual) {
  Netlink& netlink = *TRY(netlink_.get());
  auto link = read_link(netlink, actual.link);
  if (!link && link.error().code == ENODEV) return {};
  if (!link) return base::with_context(link.error(), describe(actual));
  Message request(RTM_DELNEIGH, 0);
  request.header(fixed_part(actual, link->row.ifindex)).put(NDA_DST, actual.address);
  auto removed = netlink.request(request);
  if (removed || removed.error().code == ENOENT || removed.error().code == ENODEV) return {};
  return base::with_context(removed.error(), describe(actual) + ": delete");
}

}  // namespace io::kernel
