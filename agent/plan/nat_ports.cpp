#include "plan/nat_ports.h"

#include <algorithm>
#include <vector>

namespace plan {
namespace {

constexpr uint32_t kFirst = 1024, kLast = 65535;
constexpr uint32_t kEnough = 4096;

uint32_t count(const model::PortRange& range) { return range.last ? uint32_t{range.last} - range.first + 1 : 0; }

// The first of the longest ones; {0, 0}: none is left.
model::PortRange longest_outside(std::vector<model::PortRange> taken) {
  std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  model::PortRange longest;
  uint32_t next = kFirst;
  auto consider = [&](uint32_t end) {
    if (end <= next) return;
    const model::PortRange gap{static_cast<uint16_t>(next), static_cast<uint16_t>(end - 1)};
    if (count(gap) > count(longest)) longest = gap;
  };
  for (const auto& range : taken) {
    if (range.last == 0) continue;
    consider(range.first);
    next = std::max(next, uint32_t{range.last} + 1);
  }
  consider(kLast + 1);
  return longest;
}

}  // namespace

NatPorts nat_ports(const model::Snapshot& snapshot) {
  const auto& node_ports = snapshot.config().node_ports;
  const model::PortRange own = longest_outside({node_ports, snapshot.identity.local_ports});
  if (count(own) >= kEnough) return {.range = own, .shared = false};
  return {.range = longest_outside({node_ports}), .shared = true};
}

}  // namespace plan
