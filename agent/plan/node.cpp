#include "plan/node.h"

#include <algorithm>
#include <set>

#include "model/canary.h"
#include "model/desired/rows.h"
#include "model/host/pod_link.h"
#include "plan/nat_ports.h"
#include "plan/pod_cidrs.h"

namespace plan {
namespace {

bool synced(const model::Snapshot& snapshot, model::SourceId source) {
  const auto* status = snapshot.source(source);
  return status && status->synced;
}

bool is_known(const model::Snapshot& snapshot, model::SourceId source) {
  const auto* status = snapshot.source(source);
  return status && (status->synced || status->kept);
}

// A quarter of the ports that a destination can be given.
uint32_t unanswered_per_pod(const model::PortRange& nat) { return nat.last ? (uint32_t{nat.last} - nat.first + 1) / 4 : 0; }

base::BootTime end_of_grace(const model::LostDefaultRoute& lost) { return lost.since + kUplinkGrace; }

// The row before or after the change has the property.
template <class Row, class Property>
bool either(const Touched& touched, Property property) {
  const Row* before = touched.old_row<Row>();
  const Row* after = touched.new_row<Row>();
  return (before && property(*before)) || (after && property(*after));
}

uint32_t datapath_flags(const model::Snapshot& snapshot) {
  const model::Config& config = snapshot.config();
  const bool netkit = snapshot.identity.has_netkit_pods || new_pod_links(snapshot) == model::LinkKind::kNetkit;
  return (config.silent_refusals ? DATAPATH_SILENT_REFUSALS : 0) | (config.host_sockets_only ? DATAPATH_HOST_SOCKETS_ONLY : 0) |
         (netkit ? DATAPATH_NETKIT : 0);
}

}  // namespace

bool matches_devices(const std::string& link, const std::vector<std::string>& devices) {
  return std::any_of(devices.begin(), devices.end(), [&](const std::string& device) {
    if (device.ends_with('+')) return link.starts_with(std::string_view(device).substr(0, device.size() - 1));
    return link == device;
  });
}

bool masquerades(const model::Config& config, base::Family family) {
  return family == base::Family::kIpv4 ? config.ipv4 && config.ipv4_masquerade : config.ipv6 && config.ipv6_masquerade;
}

bool is_default(const model::HostRoute& route) { return route.destination.length == 0 && route.table == model::kMainTable; }

bool configured(const model::Snapshot& snapshot) { return snapshot.table<model::Config>().find(model::Config::key()) != nullptr; }

bool objects_known(const model::Snapshot& snapshot) { return configured(snapshot) && is_known(snapshot, model::SourceId::kObjects); }

bool settled(const model::Snapshot& snapshot) { return objects_known(snapshot) && synced(snapshot, model::SourceId::kHost); }

datapath_config datapath_config_of(const model::Snapshot& snapshot) {
  const model::Config& config = snapshot.config();
  const model::PortRange nat = nat_ports(snapshot).range;
  return {.migrating = 0,
          .first_node_port = config.node_ports.first,
          .last_node_port = config.node_ports.last,
          .first_nat_port = nat.first,
          .last_nat_port = nat.last,
          .flags = datapath_flags(snapshot),
          .host_netns = snapshot.identity.host_netns,
          .unanswered_per_pod = unanswered_per_pod(nat),
          .zero = 0};
}

std::string program_generation(const model::Snapshot& snapshot) {
  return model::desired::generation_of(snapshot.identity.program_generation, datapath_config_of(snapshot));
}

std::vector<base::Cidr> own_pod_cidrs(const model::Snapshot& snapshot) {
  std::vector<base::Cidr> cidrs;
  const model::Node* node = snapshot.own_node();
  if (!node || !configured(snapshot)) return cidrs;
  const auto& config = snapshot.config();
  for (const auto& cidr : node->pod_cidrs)
    if ((cidr.address.is_v4() ? config.ipv4 : config.ipv6) && !is_too_small_for(cidr, config) && !shape_fault(cidr)) cidrs.push_back(cidr);
  return cidrs;
}

bool is_too_small_for(const base::Cidr& cidr, const model::Config& config) {
  constexpr uint32_t kIpv6MinMtu = 1280;
  return !cidr.address.is_v4() && config.ipv6 && config.mtu != 0 && config.mtu < kIpv6MinMtu;
}

std::vector<base::Ip> addresses_of(const model::Node* node) {
  std::vector<base::Ip> addresses;
  if (!node) return addresses;
  addresses = node->internal_ips;
  addresses.insert(addresses.end(), node->external_ips.begin(), node->external_ips.end());
  return addresses;
}

bool is_foreign_link(const std::string& link) { return !model::is_pod_link_name(link); }

bool changes_knowledge(const Touched& touched) {
  if (touched.is<model::Config>()) return true;
  if (!touched.is<model::SourceStatus>()) return false;
  const auto* before = touched.old_row<model::SourceStatus>();
  const auto* after = touched.new_row<model::SourceStatus>();
  return !before || !after || before->synced != after->synced || before->kept != after->kept;
}

bool pods_can_be_made(const model::Snapshot& snapshot) {
  const auto* canary = snapshot.table<model::CanaryResult>().find(model::CanaryResult::key());
  return canary && canary->from_host && canary->from_pod && !own_pod_cidrs(snapshot).empty();
}

bool changes_node(const Touched& touched, const model::Snapshot& snapshot) {
  if (changes_knowledge(touched)) return true;
  if (touched.is<model::Node>()) return touched.key<model::Node>() == snapshot.identity.node_name;
  if (touched.is<model::Link>()) return is_foreign_link(touched.key<model::Link>());
  if (touched.is<model::Address>())
    return either<model::Address>(touched, [](const auto& address) { return is_foreign_link(address.link); });
  if (touched.is<model::HostRoute>()) return either<model::HostRoute>(touched, [](const auto& route) { return is_default(route); });
  return touched.is<model::LostDefaultRoute>();
}

std::vector<std::string> uplinks(const model::Snapshot& snapshot) {
  std::set<std::string> names;
  const auto& devices = snapshot.config().devices;
  if (!devices.empty()) {
    for (const auto& [name, link] : snapshot.table<model::Link>())
      if (matches_devices(name, devices)) names.insert(name);
  } else {
    for (const auto& [key, route] : snapshot.table<model::HostRoute>())
      if (is_default(*route)) names.insert(route->link);
    for (const auto& [key, lost] : snapshot.table<model::LostDefaultRoute>())
      if (end_of_grace(*lost) > snapshot.now) names.insert(lost->link);
    if (const auto* node = snapshot.own_node())
      for (const auto& [key, address] : snapshot.table<model::Address>())
        if (std::find(node->internal_ips.begin(), node->internal_ips.end(), address->cidr.address) != node->internal_ips.end())
          names.insert(address->link);
  }
  std::vector<std::string> result;
  for (const auto& name : names) {
    const auto* link = snapshot.table<model::Link>().find(name);
    if (link && !link->loopback && is_foreign_link(name)) result.push_back(name);
  }
  return result;
}

std::optional<base::BootTime> uplinks_change_at(const model::Snapshot& snapshot) {
  std::optional<base::BootTime> next;
  if (!snapshot.config().devices.empty()) return next;
  for (const auto& [key, lost] : snapshot.table<model::LostDefaultRoute>()) {
    const base::BootTime end = end_of_grace(*lost);
    if (end > snapshot.now && (!next || end < *next)) next = end;
  }
  return next;
}

uint32_t pod_mtu(const model::Snapshot& snapshot) {
  if (snapshot.config().mtu) return snapshot.config().mtu;
  uint32_t smallest = 0;
  for (const auto& name : uplinks(snapshot)) {
    uint32_t mtu = snapshot.table<model::Link>().find(name)->mtu;
    if (mtu && (!smallest || mtu < smallest)) smallest = mtu;
  }
  return smallest ? smallest : 1500;
}

model::LinkKind new_pod_links(const model::Snapshot& snapshot) {
  return snapshot.identity.netkit_missing.empty() ? snapshot.config().pod_links : model::LinkKind::kVeth;
}

}  // namespace plan
