#include "plan/sysctls.h"

#include "plan/node.h"

namespace plan::sysctls {

using model::desired::Sysctl;

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!settled(snapshot)) return planned;
  bool ipv4 = false, ipv6 = false;
  for (const auto& cidr : own_pod_cidrs(snapshot)) (cidr.address.is_v4() ? ipv4 : ipv6) = true;
  if (ipv4) planned.rows.push_back(Sysctl{{"net", "ipv4", "ip_forward"}, "1", ""});
  if (ipv6) {
    // A router drops its learned default routes unless accept_ra is 2 (kernel: ip-sysctl, accept_ra), so these come first.
    for (const auto& uplink : uplinks(snapshot)) planned.rows.push_back(Sysctl{{"net", "ipv6", "conf", uplink, "accept_ra"}, "2", "1"});
    planned.rows.push_back(Sysctl{{"net", "ipv6", "conf", "all", "forwarding"}, "1", ""});
    planned.wake_at = uplinks_change_at(snapshot);
  }
  return planned;
}

}  // namespace plan::sysctls
