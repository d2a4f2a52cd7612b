// Which endpoints of a Service port answer: the rules of kube-proxy's categorisation for clusterIPs (KEP-1669 for terminating ones).
#pragma once

#include <vector>

#include "model/desired/rows.h"
#include "model/snapshot.h"

namespace plan {

using SliceRows = std::vector<const model::EndpointSlice*>;

SliceRows slices_of(const model::Snapshot& snapshot, const std::string& service_key);

// Ready ones; where there is none, those that serve while they terminate. Sorted, each address and port once.
std::vector<model::desired::Backend> usable_backends(const model::Service& service, const model::ServicePort& port, base::Family family,
                                                     const SliceRows& slices);

}  // namespace plan
