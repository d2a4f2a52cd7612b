// The node's network as last heard from rtnetlink, and what of it has not been told yet. sources/host feeds it messages and dumps.
// Things are kept by the number of their link and told by its name, so that a renamed link is a plain change of rows.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/kernel/forward_chains.h"
#include "io/kernel/netlink_rows.h"
#include "model/fact.h"

namespace sources {

// One kind of row. Ids are texts that hold link numbers and never leave this file and host_tables.cpp.
template <class Row>
class Tracked {
 public:
  void set(const std::string& id, uint32_t ifindex, Row row);
  void erase(const std::string& id);
  // All that hang on the link: gone, or to be told again under the link's new name.
  void erase_link(uint32_t ifindex);
  void touch_link(uint32_t ifindex);
  // Between the two, set() marks what a dump saw; what it did not see is gone at the end.
  void begin_dump() { dumping_ = true; }
  void end_dump();
  bool has(const std::string& id) const { return entries_.contains(id); }
  size_t size() const { return entries_.size(); }
  const std::map<std::string, std::pair<uint32_t, Row>>& entries() const { return entries_; }

  // Appends what differs from what was told. `name_of` gives "" for a link not heard of yet, whose rows wait for it.
  template <class NameOf>
  bool flush(NameOf name_of, std::vector<model::Change>& changes);

 private:
  std::map<std::string, std::pair<uint32_t, Row>> entries_;
  std::map<std::string, std::pair<std::string, Row>> told_;  // by id: the row's key, and the row
  std::set<std::string> touched_, seen_;
  bool dumping_ = false;
};

class HostTables {
 public:
  // One message of the groups that sources/host listens to.
  void take(nlmsghdr* message);
  // Everything again; what is not there any more is gone.
  base::Result<void> read_all(io::kernel::Netlink& netlink);
  base::Result<void> read_routes(io::kernel::Netlink& netlink);
  // Chains on the forward hook and kube-proxy's rules; only a complete reading makes others gone.
  void set_forward_chains(const io::kernel::ForwardChains& found);
  void set_forward_chains_unreadable(const std::string& error);
  // The kernel drops IPv4 routes with their link or address without a word: true when that may have happened since read_routes().
  bool routes_are_stale() const { return routes_are_stale_; }

  // What changed since the last call.
  model::Changes take_changes();
  // Whether more than neighbors was in what was taken since this was asked before.
  bool take_host_changed() { return std::exchange(host_changed_, false); }

 private:
  void take_link(nlmsghdr* message, bool is_new);
  void take_address(nlmsghdr* message, bool is_new);
  void take_route(nlmsghdr* message, bool is_new, bool replaces);
  void take_neighbor(nlmsghdr* message, bool is_new);
  void set_link(const io::kernel::LinkMessage& link);
  void set_address(const io::kernel::AddressMessage& address);
  void set_route(const io::kernel::RouteMessage& route);
  void set_neighbor(const io::kernel::NeighborMessage& neighbor);
  void set_reverse_path_filter(const io::kernel::ReversePathFilterMessage& filter);
  uint8_t rp_filter_in_force(uint32_t ifindex) const;
  void note_default_routes();

  Tracked<model::Link> links_;
  Tracked<model::Address> addresses_;
  Tracked<model::HostRoute> routes_;
  Tracked<model::HostNeighbor> neighbors_;
  Tracked<model::LostDefaultRoute> lost_default_routes_;
  Tracked<model::ForwardChain> forward_chains_;
  Tracked<model::KubeProxyRules> kube_proxy_rules_;
  std::map<int32_t, uint8_t> rp_filters_;  // by number of the link, and of `all`
  std::set<uint32_t> default_routes_;      // links that have one in the main table
  bool default_routes_are_stale_ = false;
  bool routes_are_stale_ = false;
  bool chains_were_read_ = false;
  bool host_changed_ = false;
};

}  // namespace sources
