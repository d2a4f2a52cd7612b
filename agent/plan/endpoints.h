// Which endpoints of a Service port answer: kube-proxy's categorisation of endpoints. It goes by what EndpointSlices say and never by
// the Service's own publishNotReadyAddresses, trafficDistribution or topology annotations: those are for whoever writes the slices.
#pragma once

#include <string>
#include <vector>

#include "model/desired/rows.h"
#include "model/snapshot.h"

namespace plan {

using SliceRows = std::vector<const model::EndpointSlice*>;

SliceRows slices_of(const model::Snapshot& snapshot, const std::string& service_key);

// Where this node is, to judge endpoints and their hints by.
struct Place {
  std::string node;
  std::string zone;  // "": not known
};
Place own_place(const model::Snapshot& snapshot);
std::string zone_of(const model::Node* node);  // "" for null, and where the label is missing

struct PortEndpoint {
  model::desired::Backend backend;
  bool local = false;
  const model::Endpoint* endpoint = nullptr;  // lives as long as the slices
};
using PortEndpoints = std::vector<PortEndpoint>;

// All endpoints of that name, protocol and family, sorted, each address and port once, whatever their conditions.
PortEndpoints endpoints_of(const model::ServicePort& port, base::Family family, const SliceRows& slices, const Place& place);

// Ready ones, of this node or zone where hints ask for it (KEP-2433, KEP-4444); where there is none, those that serve while they
// terminate (KEP-1669). Sorted.
std::vector<model::desired::Backend> cluster_backends(const PortEndpoints& endpoints, const Place& place);

// The same of this node alone; hints do not count. Sorted.
std::vector<model::desired::Backend> local_backends(const PortEndpoints& endpoints);

// Of those that are not chosen, the ones whose datagrams stay with them: they serve, whether they terminate or a policy or hints prefer
// others. Where none serves at all nobody is better, and all stay (kube-proxy's cleanup of stale UDP flows). `chosen` is sorted. Sorted.
std::vector<model::desired::Backend> leaving_backends(const PortEndpoints& endpoints, const std::vector<model::desired::Backend>& chosen);

// Whether some endpoint, on whatever node, is ready or serves while it terminates.
bool any_serves(const PortEndpoints& endpoints);

}  // namespace plan
