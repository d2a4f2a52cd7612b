#include "plan/endpoints.h"

#include <algorithm>
#include <tuple>

namespace plan {
namespace {

using model::desired::Backend;

bool is_ready(const PortEndpoint& candidate) { return candidate.endpoint->ready; }
bool serves_while_terminating(const PortEndpoint& candidate) {
  return !candidate.endpoint->ready && candidate.endpoint->serving && candidate.endpoint->terminating;
}

// Of two copies of one endpoint the one that is of more use, then the one that is nearer: what is left of a pod that cannot end must not
// hide the pod that has its address now.
auto order(const PortEndpoint& candidate) {
  return std::tuple(candidate.backend, !is_ready(candidate), !serves_while_terminating(candidate), !candidate.local);
}

bool names(const std::vector<std::string>& hints, const std::string& name) {
  return !name.empty() && std::find(hints.begin(), hints.end(), name) != hints.end();
}

// Hints of a kind are followed when every ready endpoint has some and one of them means this place: half a set of hints is a slice in
// the middle of a change, and nobody must lose all endpoints by it.
bool hints_hold(const PortEndpoints& endpoints, std::vector<std::string> model::Endpoint::* hints, const std::string& name) {
  bool any = false;
  for (const auto& candidate : endpoints) {
    if (!is_ready(candidate)) continue;
    if ((candidate.endpoint->*hints).empty()) return false;
    any = any || names(candidate.endpoint->*hints, name);
  }
  return any;
}

template <class Predicate>
std::vector<Backend> backends_where(const PortEndpoints& endpoints, Predicate wanted) {
  std::vector<Backend> backends;
  for (const auto& candidate : endpoints)
    if (wanted(candidate)) backends.push_back(candidate.backend);
  return backends;
}

}  // namespace

SliceRows slices_of(const model::Snapshot& snapshot, const std::string& service_key) {
  SliceRows slices;
  if (const auto* keys = snapshot.slices_of_service.find(service_key))
    for (const auto& key : *keys)
      if (const auto* slice = snapshot.table<model::EndpointSlice>().find(key)) slices.push_back(slice);
  return slices;
}

std::string zone_of(const model::Node* node) {
  if (!node) return "";
  auto label = node->meta.labels.find("topology.kubernetes.io/zone");
  return label == node->meta.labels.end() ? "" : label->second;
}

Place own_place(const model::Snapshot& snapshot) { return {snapshot.identity.node_name, zone_of(snapshot.own_node())}; }

PortEndpoints endpoints_of(const model::ServicePort& port, base::Family family, const SliceRows& slices, const Place& place) {
  PortEndpoints endpoints;
  for (const auto* slice : slices) {
    if (slice->family != family) continue;
    for (const auto& slice_port : slice->ports) {
      if (slice_port.name != port.name || slice_port.protocol != port.protocol) continue;
      for (const auto& endpoint : slice->endpoints)
        endpoints.push_back({{endpoint.address, slice_port.port}, !place.node.empty() && endpoint.node_name == place.node, &endpoint});
    }
  }
  std::stable_sort(endpoints.begin(), endpoints.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  auto same = [](const auto& a, const auto& b) { return a.backend == b.backend; };
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end(), same), endpoints.end());
  return endpoints;
}

std::vector<Backend> cluster_backends(const PortEndpoints& endpoints, const Place& place) {
  using model::Endpoint;
  auto ready_with = [&](std::vector<std::string> Endpoint::* hints, const std::string& name) {
    return backends_where(endpoints, [&](const auto& candidate) { return is_ready(candidate) && names(candidate.endpoint->*hints, name); });
  };
  if (hints_hold(endpoints, &Endpoint::node_hints, place.node)) return ready_with(&Endpoint::node_hints, place.node);
  if (hints_hold(endpoints, &Endpoint::zone_hints, place.zone)) return ready_with(&Endpoint::zone_hints, place.zone);
  auto ready = backends_where(endpoints, is_ready);
  return ready.empty() ? backends_where(endpoints, serves_while_terminating) : ready;
}

std::vector<Backend> local_backends(const PortEndpoints& endpoints) {
  auto ready = backends_where(endpoints, [](const auto& candidate) { return candidate.local && is_ready(candidate); });
  if (!ready.empty()) return ready;
  return backends_where(endpoints, [](const auto& candidate) { return candidate.local && serves_while_terminating(candidate); });
}

std::vector<Backend> leaving_backends(const PortEndpoints& endpoints, const std::vector<Backend>& chosen) {
  const bool all = !any_serves(endpoints);
  return backends_where(endpoints, [&](const auto& candidate) {
    return (all || is_ready(candidate) || serves_while_terminating(candidate)) &&
           !std::binary_search(chosen.begin(), chosen.end(), candidate.backend);
  });
}

bool any_serves(const PortEndpoints& endpoints) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [](const auto& candidate) { return is_ready(candidate) || serves_while_terminating(candidate); });
}

}  // namespace plan
