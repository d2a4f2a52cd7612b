#include "io/kernel/node_addresses.h"

#include "io/kernel/netns.h"
#include "model/abi_address.h"

namespace io::kernel {

using model::from_abi;
using model::to_abi;
using model::desired::NodeAddress;

// Kept open: a cluster's nodes are thousands of writes at a start.
base::Result<NodeAddressStore::Map*> NodeAddressStore::map() {
  const uint64_t replacements = pin_replacements();
  if (map_ && replacements_ == replacements) return &*map_;
  map_ = TRY(Map::open(bpf_root_, NodeAddress::kKind.data()));
  replacements_ = replacements;
  return &*map_;
}

base::Result<std::vector<NodeAddress>> NodeAddressStore::list() {
  map_.reset();  // what is pinned now
  auto opened = map();
  if (!opened.ok() && opened.error().code == ENOENT) return std::vector<NodeAddress>();
  if (!opened.ok()) return opened.error();
  const uint64_t own = TRY(own_netns_cookie());
  std::vector<NodeAddress> rows;
  TRY((*opened)->for_each([&](const ip_addr& address, const node_address& entry) {
    const bool foreign = entry.callers && entry.callers != own;
    rows.push_back({.address = from_abi(address), .peer = entry.peer || foreign, .host_only = entry.callers != 0});
  }));
  return rows;
}

base::Result<void> NodeAddressStore::put(const NodeAddress& row, const NodeAddress*) {
  const uint64_t callers = row.host_only ? TRY(own_netns_cookie()) : 0;
  return TRY(map())->update(to_abi(row.address), {.callers = callers, .peer = row.peer, .zero = 0});
}

base::Result<void> NodeAddressStore::remove(const NodeAddress& actual) { return TRY(map())->erase(to_abi(actual.address)); }

}  // namespace io::kernel
