#include "sources/host_tables.h"

#include <linux/neighbour.h>
#include <linux/netconf.h>

#include <algorithm>

namespace sources {
namespace {

using io::kernel::AddressMessage;
using io::kernel::LinkMessage;
using io::kernel::NeighborMessage;
using io::kernel::RouteMessage;

// A router with a full table, or a scan of a large segment, must not fill the agent's memory; what is beyond is not looked at.
constexpr size_t kMostRoutes = 16384;
constexpr size_t kMostNeighbors = 4096;
constexpr uint16_t kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;

std::string id_of(const LinkMessage& link) { return std::to_string(link.row.ifindex); }
std::string id_of(const AddressMessage& address) { return std::to_string(address.ifindex) + " " + base::to_string(address.row.cidr); }
std::string id_of(const NeighborMessage& neighbor) {
  return std::to_string(neighbor.ifindex) + " " + base::to_string(neighbor.row.address);
}
std::string id_of(const RouteMessage& route) {
  return std::to_string(route.row.table) + " " + base::to_string(route.row.destination) + " " + base::to_string(route.row.gateway) + " " +
         std::to_string(route.ifindex) + " " + std::to_string(route.row.metric);
}

std::string key_of(const model::Link& row) { return row.name; }
std::string key_of(const model::ForwardChain& row) { return row.key(); }
std::string key_of(const model::KubeProxyRules& row) { return row.key(); }
std::string key_of(const model::LostDefaultRoute& row) { return row.link; }
std::string key_of(const model::Address& row) { return row.link + " " + base::to_string(row.cidr); }
std::string key_of(const model::HostNeighbor& row) { return row.link + " " + base::to_string(row.address); }
std::string key_of(const model::HostRoute& row) {
  std::string key = std::to_string(row.table) + " " + base::to_string(row.destination);
  if (!row.gateway.is_unspecified()) key += " via " + base::to_string(row.gateway);
  if (!row.link.empty()) key += " dev " + row.link;
  return key + " metric " + std::to_string(row.metric);
}

void set_link_name(model::Link&, const std::string&) {}  // its name is its own
void set_link_name(model::ForwardChain&, const std::string&) {}
void set_link_name(model::KubeProxyRules&, const std::string&) {}
template <class Row>
void set_link_name(Row& row, const std::string& name) {
  row.link = name;
}

bool is_default_of_main(const RouteMessage& route) { return route.row.destination.length == 0 && route.row.table == model::kMainTable; }

// The kernel's own entries for local addresses, broadcast and multicast say nothing that addresses do not.
bool matters(const RouteMessage& route) {
  bool kind = route.row.type == RTN_UNICAST || route.row.type == RTN_BLACKHOLE || route.row.type == RTN_UNREACHABLE ||
              route.row.type == RTN_PROHIBIT || route.row.type == RTN_THROW;
  return kind && route.row.table != RT_TABLE_LOCAL;
}

bool matters(const NeighborMessage& neighbor) {
  return neighbor.row.state & (kUsable | NUD_PERMANENT) && !neighbor.row.address.is_multicast();
}

}  // namespace

template <class Row>
void Tracked<Row>::set(const std::string& id, uint32_t ifindex, Row row) {
  if (dumping_) seen_.insert(id);
  touched_.insert(id);
  entries_[id] = {ifindex, std::move(row)};
}

template <class Row>
void Tracked<Row>::erase(const std::string& id) {
  if (entries_.erase(id)) touched_.insert(id);
}

template <class Row>
void Tracked<Row>::erase_link(uint32_t ifindex) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.first != ifindex) {
      ++entry;
      continue;
    }
    touched_.insert(entry->first);
    entry = entries_.erase(entry);
  }
}

template <class Row>
void Tracked<Row>::touch_link(uint32_t ifindex) {
  for (const auto& [id, entry] : entries_) {
    if (entry.first == ifindex) touched_.insert(id);
  }
}

template <class Row>
void Tracked<Row>::end_dump() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (seen_.contains(entry->first)) {
      ++entry;
      continue;
    }
    touched_.insert(entry->first);
    entry = entries_.erase(entry);
  }
  seen_.clear();
  dumping_ = false;
}

template <class Row>
template <class NameOf>
bool Tracked<Row>::flush(NameOf name_of, std::vector<model::Change>& changes) {
  // Two links may swap names within one burst: a key that one loses and another gains is put, never gone.
  std::set<std::string> lost;
  std::map<std::string, Row> gained;
  for (const auto& id : std::exchange(touched_, {})) {
    auto told = told_.find(id);
    auto entry = entries_.find(id);
    std::string link = entry == entries_.end() ? "" : name_of(entry->second.first);
    bool can_be_told = entry != entries_.end() && (entry->second.first == 0 || !link.empty());
    if (!can_be_told) {
      if (told == told_.end()) continue;
      lost.insert(told->second.first);
      told_.erase(told);
      continue;
    }
    Row row = entry->second.second;
    set_link_name(row, link);
    std::string key = key_of(row);
    if (told != told_.end() && told->second == std::pair{key, row}) continue;
    if (told != told_.end()) lost.insert(told->second.first);
    told_[id] = {key, row};
    gained.insert_or_assign(std::move(key), std::move(row));
  }
  for (const auto& key : lost) {
    if (!gained.contains(key)) changes.push_back(model::gone<Row>(key));
  }
  for (auto& [key, row] : gained) changes.push_back(model::put(key, std::move(row)));
  return !lost.empty() || !gained.empty();
}

void HostTables::set_link(const LinkMessage& link) {
  std::string id = id_of(link);
  auto known = links_.entries().find(id);
  bool new_name = known == links_.entries().end() || known->second.second.name != link.row.name;
  bool went_down = known != links_.entries().end() && known->second.second.up && !link.row.up;
  model::Link row = link.row;
  row.rp_filter = rp_filter_in_force(row.ifindex);
  links_.set(id, row.ifindex, std::move(row));
  routes_are_stale_ |= went_down;
  if (!new_name) return;
  addresses_.touch_link(link.row.ifindex);
  routes_.touch_link(link.row.ifindex);
  neighbors_.touch_link(link.row.ifindex);
}

void HostTables::set_address(const AddressMessage& address) { addresses_.set(id_of(address), address.ifindex, address.row); }

void HostTables::set_route(const RouteMessage& route) {
  std::string id = id_of(route);
  default_routes_are_stale_ |= is_default_of_main(route);
  if (matters(route) && (routes_.size() < kMostRoutes || routes_.has(id))) routes_.set(id, route.ifindex, route.row);
}

// Whether an entry is reachable or stale this moment is the kernel's business and changes all the time: usable is one state here.
void HostTables::set_neighbor(const NeighborMessage& neighbor) {
  std::string id = id_of(neighbor);
  if (!matters(neighbor)) return neighbors_.erase(id);
  if (neighbors_.size() >= kMostNeighbors && !neighbors_.has(id)) return;
  model::HostNeighbor row = neighbor.row;
  row.state = row.state & NUD_PERMANENT ? NUD_PERMANENT : NUD_REACHABLE;
  neighbors_.set(id, neighbor.ifindex, row);
}

void HostTables::take_link(nlmsghdr* message, bool is_new) {
  auto link = io::kernel::decode_link(message);
  if (!link) return;
  if (is_new) return set_link(*link);
  links_.erase(id_of(*link));
  addresses_.erase_link(link->row.ifindex);
  routes_.erase_link(link->row.ifindex);
  neighbors_.erase_link(link->row.ifindex);
  lost_default_routes_.erase_link(link->row.ifindex);
  default_routes_.erase(link->row.ifindex);
  rp_filters_.erase(static_cast<int32_t>(link->row.ifindex));
}

void HostTables::take_address(nlmsghdr* message, bool is_new) {
  auto address = io::kernel::decode_address(message);
  if (!address) return;
  if (is_new) return set_address(*address);
  addresses_.erase(id_of(*address));
  routes_are_stale_ = true;  // those that preferred it as their source
}

void HostTables::take_route(nlmsghdr* message, bool is_new, bool replaces) {
  auto hops = io::kernel::decode_route(message);
  for (const auto& hop : hops) default_routes_are_stale_ |= is_default_of_main(hop);
  if (is_new && replaces && !hops.empty()) {  // the one that was replaced is not mentioned
    const auto& row = hops.front().row;
    std::vector<std::string> replaced;
    for (const auto& [id, entry] : routes_.entries()) {
      const auto& old = entry.second;
      if (old.destination == row.destination && old.table == row.table && old.metric == row.metric) replaced.push_back(id);
    }
    for (const auto& id : replaced) routes_.erase(id);
  }
  for (const auto& hop : hops) is_new ? set_route(hop) : routes_.erase(id_of(hop));
}

void HostTables::take_neighbor(nlmsghdr* message, bool is_new) {
  auto neighbor = io::kernel::decode_neighbor(message);
  if (!neighbor) return;
  is_new ? set_neighbor(*neighbor) : neighbors_.erase(id_of(*neighbor));
}

void HostTables::set_forward_chains(const io::kernel::ForwardChains& found) {
  if (found.complete) forward_chains_.begin_dump(), kube_proxy_rules_.begin_dump();
  for (const auto& chain : found.chains) forward_chains_.set(chain.key(), 0, chain);
  for (const auto& rules : found.kube_proxy_rules) kube_proxy_rules_.set(rules.key(), 0, rules);
  if (found.complete) forward_chains_.end_dump(), kube_proxy_rules_.end_dump();
  chains_were_read_ |= found.complete;
  if (!chains_were_read_) set_forward_chains_unreadable("they changed while they were read");
}

// Those that were known stay.
void HostTables::set_forward_chains_unreadable(const std::string& error) {
  model::ForwardChain all;
  all.family = "inet";
  all.error = error;
  forward_chains_.set(all.key(), 0, all);
}

// The kernel takes the greater of the two (ip-sysctl, rp_filter).
uint8_t HostTables::rp_filter_in_force(uint32_t ifindex) const {
  auto of = [&](int32_t number) {
    auto found = rp_filters_.find(number);
    return found == rp_filters_.end() ? uint8_t{0} : found->second;
  };
  return std::max(of(NETCONFA_IFINDEX_ALL), of(static_cast<int32_t>(ifindex)));
}

void HostTables::set_reverse_path_filter(const io::kernel::ReversePathFilterMessage& filter) {
  rp_filters_[filter.ifindex] = filter.value;
  std::vector<model::Link> concerned;
  auto one = links_.entries().find(std::to_string(filter.ifindex));
  if (one != links_.entries().end()) concerned.push_back(one->second.second);
  if (filter.ifindex == NETCONFA_IFINDEX_ALL)
    for (const auto& [id, entry] : links_.entries()) concerned.push_back(entry.second);
  for (auto& link : concerned) {
    link.rp_filter = rp_filter_in_force(link.ifindex);
    links_.set(std::to_string(link.ifindex), link.ifindex, link);
  }
}

// Which links have lost their last default route since this was asked before.
void HostTables::note_default_routes() {
  if (!std::exchange(default_routes_are_stale_, false)) return;
  std::set<uint32_t> now;
  for (const auto& [id, entry] : routes_.entries())
    if (entry.first != 0 && entry.second.destination.length == 0 && entry.second.table == model::kMainTable) now.insert(entry.first);
  for (uint32_t ifindex : now) lost_default_routes_.erase(std::to_string(ifindex));
  for (uint32_t ifindex : default_routes_)
    if (!now.contains(ifindex)) lost_default_routes_.set(std::to_string(ifindex), ifindex, {"", base::boot_now()});
  default_routes_ = std::move(now);
}

void HostTables::take(nlmsghdr* message) {
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return take_link(message, message->nlmsg_type == RTM_NEWLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return take_address(message, message->nlmsg_type == RTM_NEWADDR);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return take_route(message, message->nlmsg_type == RTM_NEWROUTE, message->nlmsg_flags & NLM_F_REPLACE);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return take_neighbor(message, message->nlmsg_type == RTM_NEWNEIGH);
    case RTM_NEWNETCONF:
      if (auto filter = io::kernel::decode_reverse_path_filter(message)) set_reverse_path_filter(*filter);
      return;
    default:
      return;
  }
}

base::Result<void> HostTables::read_routes(io::kernel::Netlink& netlink) {
  auto routes = TRY(io::kernel::read_routes(netlink, {}));
  routes_are_stale_ = false;
  routes_.begin_dump();
  for (const auto& route : routes) set_route(route);
  routes_.end_dump();
  default_routes_are_stale_ = true;
  return {};
}

base::Result<void> HostTables::read_all(io::kernel::Netlink& netlink) {
  auto links = TRY(io::kernel::read_links(netlink));
  auto addresses = TRY(io::kernel::read_addresses(netlink));
  auto neighbors = TRY(io::kernel::read_neighbors(netlink));
  auto filters = TRY(io::kernel::read_reverse_path_filters(netlink));
  links_.begin_dump();
  for (const auto& link : links) set_link(link);
  links_.end_dump();
  for (const auto& filter : filters) set_reverse_path_filter(filter);
  addresses_.begin_dump();
  for (const auto& address : addresses) set_address(address);
  addresses_.end_dump();
  neighbors_.begin_dump();
  for (const auto& neighbor : neighbors) set_neighbor(neighbor);
  neighbors_.end_dump();
  return read_routes(netlink);
}

model::Changes HostTables::take_changes() {
  auto name_of = [this](uint32_t ifindex) {
    auto link = links_.entries().find(std::to_string(ifindex));
    return link == links_.entries().end() ? std::string() : link->second.second.name;
  };
  note_default_routes();
  model::Changes changes;
  host_changed_ |= links_.flush(name_of, changes);
  host_changed_ |= addresses_.flush(name_of, changes);
  host_changed_ |= routes_.flush(name_of, changes);
  lost_default_routes_.flush(name_of, changes);
  neighbors_.flush(name_of, changes);
  forward_chains_.flush(name_of, changes);
  kube_proxy_rules_.flush(name_of, changes);
  return changes;
}

}  // namespace sources
