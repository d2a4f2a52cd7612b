// Which pod CIDRs of Nodes are believed. A Node object says of itself where its pods are, and whoever may write one could draw any packet
// of every node to itself, so that a prefix is judged by what else is known before it is routed.
#pragma once

#include <optional>
#include <string>

#include "plan/plan.h"

namespace plan {

// Why no node can have this range of pods, whatever else there is; nullopt: one can. It takes no cluster away that a controller manager
// or a person would set up: anything from a /8 (/32 of IPv6) for a single node to a range for one pod is good.
std::optional<std::string> shape_fault(const base::Cidr& cidr);

// Why the pod CIDR of a peer is not believed: its shape, or an overlap with this node's pods, addresses or gateways, with another Node's
// addresses or a clusterIP, or with a pod CIDR of another Node that goes before it. The text begins with the prefix.
std::optional<model::Problem> pod_cidr_fault(const model::Node& peer, const base::Cidr& cidr, const model::Snapshot& snapshot);

// Nodes whose pod CIDRs may be judged otherwise after the change, the changed one included.
void judged_by(const Touched& touched, const model::Snapshot& snapshot, Keys& nodes);

}  // namespace plan
