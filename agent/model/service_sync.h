// How fast this node follows what the cluster says of Services: counted by the engine since its start, under the definitions of
// kube-proxy's metrics (pkg/proxy/metrics of Kubernetes).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ip.h"

namespace model {

// `kBounds`: upper ends of the buckets, included, ascending; one more bucket has what lies above.
template <const auto& kBounds>
struct Histogram {
  std::array<uint64_t, kBounds.size() + 1> counts{};
  double sum = 0;

  void observe(double value) {
    ++counts[static_cast<size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), value) - kBounds.begin())];
    sum += value;
  }
};

// 0.25 s and 0.5 s, each second to 59 s, each 5 s to 115 s, each 30 s to 5 min.
inline constexpr auto kProgrammingSeconds = [] {
  std::array<double, 2 + 59 + 12 + 7> bounds{0.25, 0.5};
  size_t next = 2;
  for (int second = 1; second < 60; ++second) bounds[next++] = second;
  for (int second = 60; second < 120; second += 5) bounds[next++] = second;
  for (int second = 120; second <= 300; second += 30) bounds[next++] = second;
  return bounds;
}();

// From 1 ms by powers of two to 16.384 s.
inline constexpr auto kSyncSeconds = [] {
  std::array<double, 15> bounds{};
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = 0.001 * static_cast<double>(1U << i);
  return bounds;
}();

struct ServiceSync {
  // From the change of a pod or Service, as an EndpointSlice tells when that was, until this node's kernel has it. By base::Family.
  std::array<Histogram<kProgrammingSeconds>, 2> programming{};
  Histogram<kSyncSeconds> passes{};  // turns of the engine that had changes of Services or EndpointSlices to follow
  uint64_t service_changes = 0, endpoint_changes = 0;
  double last_change = 0;  // seconds since 1970, as is the next; 0: none yet
  double last_sync = 0;    // the kernel had all that was known

  Histogram<kProgrammingSeconds>& of(base::Family family) { return programming[static_cast<size_t>(family)]; }
};

}  // namespace model
