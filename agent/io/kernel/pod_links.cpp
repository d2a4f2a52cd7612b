#include "io/kernel/pod_links.h"

#include <linux/if_link.h>
#include <linux/veth.h>

#include "io/kernel/netkit.h"
#include "io/kernel/pod_side.h"
#include "io/kernel/sysctls.h"
#include "model/host/pod_link.h"

namespace io::kernel {
namespace {

using model::desired::PodLink;

// nullopt: not a pod link.
std::optional<model::LinkKind> pod_link_kind(const model::Link& link) {
  return model::is_pod_link(link) ? model::link_kind_of(link.kind) : std::nullopt;
}

void put_side(Message& request, const std::string& name, const PodLink& row, const base::Mac& mac) {
  request.put(IFLA_IFNAME, name).put_u32(IFLA_MTU, row.mtu);
  if (model::has_link_addresses(row.kind)) request.put(IFLA_ADDRESS, mac);
  // One queue: the kernel's default of one per CPU costs memory and time for each pod.
  request.put_u32(IFLA_NUM_TX_QUEUES, 1).put_u32(IFLA_NUM_RX_QUEUES, 1);
}

// What follows is of the pod's end.
Message& open_peer(Message& request, model::LinkKind kind) {
  if (kind == model::LinkKind::kVeth) return request.open(VETH_INFO_PEER);
  // No packet leaves the pod before its program is there, and none should the program ever go.
  request.put_u32(netkit::kMode, netkit::kLayer3).put_u32(netkit::kPeerPolicy, netkit::kDrop);
  return request.open(netkit::kPeerInfo);
}

base::Result<void> make_link(Netlink& netlink, const PodLink& row) {
  Message request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.header(ifinfomsg{});
  put_side(request, row.name, row, row.host_mac);
  request.open(IFLA_LINKINFO).put(IFLA_INFO_KIND, std::string(link_kind_name(row.kind))).open(IFLA_INFO_DATA);
  open_peer(request, row.kind).header(ifinfomsg{});
  put_side(request, row.ifname, row, row.pod_mac);
  request.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(row.netns->get()));
  request.close().close().close();
  TRY_IN(netlink.request(request), "link " + row.name + ": make");
  return {};
}

// By number, so that a link renamed meanwhile is not taken for another.
base::Result<void> delete_link(Netlink& netlink, const model::Link& link) {
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(link.ifindex);
  Message request(RTM_DELLINK, 0);
  request.header(fixed);
  auto deleted = netlink.request(request);
  if (!deleted && deleted.error().code != ENODEV) return base::with_context(deleted.error(), "link " + link.name + ": delete");
  return {};
}

// A link's other side, by link and namespace number: link numbers alone are the same in many pods.
bool ends_at(const LinkMessage& host, const LinkMessage& pod, int32_t netns) {
  return netns >= 0 && host.peer_netns == netns && host.peer_ifindex == pod.row.ifindex;
}

// A link of ichor's that ends at row.ifname in the pod: made by an ADD that nothing remembers.
base::Result<void> delete_leftover(Netlink& netlink, const PodLink& row) {
  LinkMessage pod_side = TRY(read_pod_side(row));
  int32_t netns = TRY(read_netns_id(netlink, row.netns->get()));
  for (const auto& link : TRY(read_links(netlink))) {
    if (pod_link_kind(link.row) && ends_at(link, pod_side, netns)) return delete_link(netlink, link.row);
  }
  return base::system_error(EEXIST, "link " + row.name + ": the pod already has an interface " + row.ifname + " that is not ichor's");
}

base::Result<void> set_host_sysctls(const PodLink& row) {
  bool has_ipv6 = false;
  for (const auto& ip : row.addresses) has_ipv6 |= !ip.is_v4();
  struct {
    const char* family;
    const char* setting;
    const char* value;
  } const settings[] = {
      {"ipv4", "rp_filter", "0"},     {"ipv4", "forwarding", "1"}, {"ipv4", "proxy_arp", "0"},  {"ipv6", "disable_ipv6", "0"},
      {"ipv6", "addr_gen_mode", "1"}, {"ipv6", "accept_ra", "0"},  {"ipv6", "forwarding", "1"},
  };
  for (const auto& [family, setting, value] : settings) {
    if (family == std::string_view("ipv6") && !has_ipv6) continue;
    TRY_IN(write_sysctl("/proc/sys", {"net", family, "conf", row.name, setting}, value), "link " + row.name);
  }
  return {};
}

base::Result<bool> is_as_wished(Netlink& netlink, const LinkMessage& found, const PodLink& row) {
  auto pod_side = read_pod_side(row);
  if (!pod_side) return false;
  int32_t netns = TRY(read_netns_id(netlink, row.netns->get()));
  return ends_at(found, *pod_side, netns) && pod_link_kind(found.row) == row.kind && found.row.mac == row.host_mac &&
         pod_side->row.mac == row.pod_mac && found.row.mtu == row.mtu && pod_side->row.mtu == row.mtu;
}

// Makes the link, or finds that the one there does end in this pod.
base::Result<void> ensure_link(Netlink& netlink, const PodLink& row) {
  auto found = read_link(netlink, row.name);
  if (!found && found.error().code != ENODEV) return found.error();
  if (found && !pod_link_kind(found->row))
    return base::system_error(EEXIST, "link " + row.name + ": a link that is not ichor's has this name");
  if (found && TRY(is_as_wished(netlink, *found, row))) return {};
  if (found) TRY(delete_link(netlink, found->row));
  auto made = make_link(netlink, row);
  if (made || made.error().code != EEXIST) return made;
  TRY(delete_leftover(netlink, row));
  return make_link(netlink, row);
}

base::Result<LinkMessage> find_kept(Netlink& netlink, const PodLink& row) {
  auto found = read_link(netlink, row.name);
  if (!found && found.error().code == ENODEV)
    return base::system_error(ENODEV, "link " + row.name + ": the pod's namespace is gone; only a new ADD can make it");
  LinkMessage link = TRY(std::move(found));
  if (pod_link_kind(link.row) != row.kind || link.row.mac != row.host_mac)
    return base::system_error(EEXIST, "link " + row.name + ": is not the one that was made for this pod; only a new ADD can make it");
  return link;
}

base::Result<void> put_node_side(Netlink& netlink, const PodLink& row) {
  TRY(set_host_sysctls(row));
  return set_link_up(netlink, row.name, row.alias);
}

base::Result<void> keep_link(Netlink& netlink, const PodLink& row) {
  const LinkMessage link = TRY(find_kept(netlink, row));
  TRY(put_node_side(netlink, row));
  // Lowering one side alone would drop what the other sends, and nothing but a descriptor reaches the pod's.
  if (link.row.mtu != row.mtu)
    return base::system_error(EOPNOTSUPP, "link " + row.name + ": keeps its MTU of " + std::to_string(link.row.mtu) + " instead of " +
                                              std::to_string(row.mtu) + " until the pod is made anew");
  return {};
}

}  // namespace

base::Result<std::vector<PodLink>> PodLinkStore::list() {
  Netlink& netlink = *TRY(netlink_.get());
  std::vector<PodLink> rows;
  for (const auto& link : TRY(read_links(netlink))) {
    const auto kind = pod_link_kind(link.row);
    if (!kind) continue;
    PodLink row;
    row.name = link.row.name;
    row.alias = link.row.alias;
    row.kind = *kind;
    row.host_mac = link.row.mac;
    row.mtu = link.row.mtu;
    rows.push_back(std::move(row));
  }
  return rows;
}

base::Result<void> PodLinkStore::put(const PodLink& row, const PodLink*) {
  Netlink& netlink = *TRY(netlink_.get());
  if (!row.netns) return keep_link(netlink, row);
  TRY(ensure_link(netlink, row));
  TRY(put_node_side(netlink, row));
  TRY(configure_pod_side(row));
  TRY(read_link(netlink, row.name));  // settles the carrier: until then the host side drops what it should send
  return {};
}

base::Result<void> PodLinkStore::remove(const PodLink& actual) {
  Netlink& netlink = *TRY(netlink_.get());
  auto found = read_link(netlink, actual.name);
  if (!found && found.error().code == ENODEV) return {};
  LinkMessage link = TRY(std::move(found));
  if (!pod_link_kind(link.row)) return {};
  return delete_link(netlink, link.row);
}

}  // namespace io::kernel
