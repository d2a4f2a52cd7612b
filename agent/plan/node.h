// Named globals of several planners: address families in force, uplinks, and the MTU they leave for pods.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace plan {

// Whether one of the names is the link's; "eth+" is all that begin so.
bool matches_devices(const std::string& link, const std::vector<std::string>& devices);

// What pods send out of the cluster takes an address of the node.
bool masquerades(const model::Config& config, base::Family family);

// Of the main table.
bool is_default(const model::HostRoute& route);

// A configuration is in force; without one nothing is written.
bool configured(const model::Snapshot& snapshot);

// Configuration and objects are known, all of them, if only from an earlier run: before that a Service without endpoints may be one whose
// endpoints are still to come, and planning it would cut off what the kernel still serves.
bool objects_known(const model::Snapshot& snapshot);

// Configuration, host and objects have all been read, so that uplinks() and pod_mtu() are whole. Before that nothing is planned by them.
bool settled(const model::Snapshot& snapshot);

// Pod CIDRs of this node that are fit for pods, in the families that the configuration leaves on.
std::vector<base::Cidr> own_pod_cidrs(const model::Snapshot& snapshot);

// The configured MTU is below what the prefix's family needs.
bool is_too_small_for(const base::Cidr& cidr, const model::Config& config);

// InternalIPs and ExternalIPs; none for null.
std::vector<base::Ip> addresses_of(const model::Node* node);

// Names of the links that lead out of the node, sorted: those in `devices`, else those that carry a default route of the
// main table (a VPN has its own in a table that only marked packets ask) or one of the Node's addresses.
std::vector<std::string> uplinks(const model::Snapshot& snapshot);

// A default route that flaps shall not take programs away, nor give new pods another MTU.
constexpr base::Millis kUplinkGrace{60'000};
// When the next of those graces ends.
std::optional<base::BootTime> uplinks_change_at(const model::Snapshot& snapshot);

// Bytes: `MTU`, else the smallest of the uplinks', else 1500.
uint32_t pod_mtu(const model::Snapshot& snapshot);

// What new pods get: `bpf.datapathMode`, but veth where the kernel has no other.
model::LinkKind new_pod_links(const model::Snapshot& snapshot);

// What is configured into the programs, and the generation that they are with it.
datapath_config datapath_config_of(const model::Snapshot& snapshot);
std::string program_generation(const model::Snapshot& snapshot);

// Whether configured(), objects_known() or settled() may differ after the change. What else a source says of itself does not count: it
// may change with every object, and this makes all keys due.
bool changes_knowledge(const Touched& touched);

// Whether settled(), uplinks(), pod_mtu() or own_pod_cidrs() may differ after the change. Pod links, of which there are many, do not count.
bool changes_node(const Touched& touched, const model::Snapshot& snapshot);

// The canary's connections pass and this node has pod CIDRs: a runtime may be told to make pods here.
bool pods_can_be_made(const model::Snapshot& snapshot);

// Not one of ichor's own links.
bool is_foreign_link(const std::string& link);

}  // namespace plan
