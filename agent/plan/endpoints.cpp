#include "plan/endpoints.h"

#include <algorithm>

namespace plan {
namespace {

using model::desired::Backend;

void sort_unique(std::vector<Backend>& backends) {
  std::sort(backends.begin(), backends.end());
  backends.erase(std::unique(backends.begin(), backends.end()), backends.end());
}

}  // namespace

SliceRows slices_of(const model::Snapshot& snapshot, const std::string& service_key) {
  SliceRows slices;
  if (const auto* keys = snapshot.slices_of_service.find(service_key))
    for (const auto& key : *keys)
      if (const auto* slice = snapshot.table<model::EndpointSlice>().find(key)) slices.push_back(slice);
  return slices;
}

std::vector<Backend> usable_backends(const model::Service& service, const model::ServicePort& port, base::Family family,
                                     const SliceRows& slices) {
  std::vector<Backend> ready, terminating;
  for (const auto* slice : slices) {
    if (slice->family != family) continue;
    for (const auto& slice_port : slice->ports) {
      if (slice_port.name != port.name || slice_port.protocol != port.protocol) continue;
      for (const auto& endpoint : slice->endpoints) {
        if (endpoint.ready || service.publish_not_ready_addresses)
          ready.push_back({endpoint.address, slice_port.port});
        else if (endpoint.serving && endpoint.terminating)
          terminating.push_back({endpoint.address, slice_port.port});
      }
    }
  }
  auto& usable = ready.empty() ? terminating : ready;
  sort_unique(usable);
  return usable;
}

}  // namespace plan
