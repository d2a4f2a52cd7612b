#include "io/kernel/found_pods.h"

#include <algorithm>

#include "io/kernel/netlink_rows.h"
#include "io/kernel/pod_entries.h"
#include "model/desired/rows.h"
#include "model/host/pod_link.h"

namespace io::kernel {
namespace {

bool is_found(const model::Link& link) { return model::is_pod_link(link) && model::link_kind_of(link.kind); }

}  // namespace

base::Result<std::vector<model::Link>> read_pod_links() {
  Netlink netlink = TRY(Netlink::open());
  std::vector<model::Link> links;
  for (auto& link : TRY(read_links(netlink)))
    if (is_found(link.row)) links.push_back(std::move(link.row));
  return links;
}

base::Result<AddressesByLink> read_addresses_by_link(const std::string& bpf_root) {
  Netlink netlink = TRY(Netlink::open());
  std::map<uint32_t, std::string> names;
  std::map<std::string, std::string> names_by_text;  // as PodEntryStore::list() names a link: also "#IFINDEX"
  for (const auto& link : TRY(read_links(netlink))) {
    if (!is_found(link.row)) continue;
    names[link.row.ifindex] = link.row.name;
    names_by_text[link.row.name] = names_by_text["#" + std::to_string(link.row.ifindex)] = link.row.name;
  }

  AddressesByLink addresses;
  constexpr RouteSelection kOurs{.table = model::kMainTable, .protocol = model::desired::kRouteProtocol};
  for (const auto& route : TRY(read_routes(netlink, kOurs))) {
    const base::Cidr& to = route.row.destination;
    if (auto name = names.find(route.ifindex); name != names.end() && to == base::host_cidr(to.address))
      addresses[name->second].push_back(to.address);
  }
  for (const auto& entry : TRY(PodEntryStore(bpf_root).list()))
    if (auto name = names_by_text.find(entry.link); name != names_by_text.end()) addresses[name->second].push_back(entry.address);

  for (auto& [name, found] : addresses) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
  }
  return addresses;
}

base::Result<std::vector<std::string>> read_pod_links_into(int netns) {
  Netlink netlink = TRY(Netlink::open());
  std::vector<std::string> names;
  const int32_t number = TRY(read_netns_id(netlink, netns));
  if (number < 0) return names;
  for (const auto& link : TRY(read_links(netlink)))
    if (is_found(link.row) && link.peer_netns == number) names.push_back(link.row.name);
  return names;
}

}  // namespace io::kernel
