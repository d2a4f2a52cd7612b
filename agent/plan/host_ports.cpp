#include "plan/host_ports.h"

#include <algorithm>

#include "plan/node.h"
#include "plan/node_addresses.h"

namespace plan::host_ports {
namespace {

using model::HostPort;
using model::Sandbox;
using model::desired::Frontend;
using model::desired::ServiceSet;

// The node is the pod's: no Service made later, or earlier, has that port of it.
constexpr int64_t kBeforeServices = 0;

bool asks_for(const HostPort& port, const base::Ip& address) {
  if (!port.host_ip) return true;
  return port.host_ip->is_unspecified() ? port.host_ip->family() == address.family() : *port.host_ip == address;
}

std::string text(const HostPort& port) {
  const std::string number = std::to_string(port.host_port) + "/" + std::string(model::protocol_name(port.protocol));
  return "hostPort " + number + (port.host_ip ? " of " + base::to_string(*port.host_ip) : "");
}

std::vector<base::Ip> addresses_for(const HostPort& port, const std::vector<base::Ip>& own) {
  std::vector<base::Ip> addresses;
  std::copy_if(own.begin(), own.end(), std::back_inserter(addresses), [&](const auto& ip) { return asks_for(port, ip); });
  return addresses;
}

void lead(const Sandbox& sandbox, const HostPort& port, const base::Ip& pod, const std::vector<base::Ip>& addresses,
          model::Planned& planned) {
  const std::string family(base::family_name(pod.family()));
  ServiceSet set{.id = model::desired::SetId(text(port) + "/" + family + " of sandbox " + sandbox.key()),
                 .backends = {{pod, port.container_port}},
                 .datagrams = port.protocol == model::Protocol::kUdp};
  for (const auto& address : addresses) {
    if (address.family() != pod.family()) continue;
    planned.rows.push_back(Frontend{.address = address,
                                    .port = port.host_port,
                                    .protocol = port.protocol,
                                    .callers = set.id,
                                    .arrivals = address.is_loopback() ? model::desired::SetId() : set.id,
                                    .since = kBeforeServices});
  }
  planned.rows.push_back(std::move(set));
}

}  // namespace

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<Sandbox>()) keys.insert(touched.key<Sandbox>());
  if (touched.is<model::Allocation>()) keys.insert(touched.key<model::Allocation>());
  if (!touched.is<model::Address>() && !changes_node(touched, snapshot)) return;
  for (const auto& [key, sandbox] : snapshot.table<Sandbox>())
    if (!sandbox->identity.host_ports.empty()) keys.insert(key);
}

model::Planned plan(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const Sandbox* sandbox = snapshot.table<Sandbox>().find(key);
  const auto* allocation = snapshot.table<model::Allocation>().find(key);
  if (!sandbox || !allocation || allocation->freed || sandbox->identity.host_ports.empty()) return planned;
  if (!settled(snapshot) || !snapshot.config().host_ports) return planned;
  const auto own = node_addresses::own_addresses(snapshot);
  for (const HostPort& port : sandbox->identity.host_ports) {
    const std::string subject = "Pod " + sandbox->identity.pod();
    const auto addresses = addresses_for(port, own);
    if (port.protocol == model::Protocol::kSctp)
      planned.problems.push_back({subject, text(port) + " is not served", "ichor serves TCP and UDP"});
    else if (addresses.empty())
      planned.problems.push_back({subject, text(port) + " is not served: this node has no such address",
                                  "name an address of the node in hostIP, or leave it out for all"});
    else
      for (const auto& pod : allocation->addresses) lead(*sandbox, port, pod, addresses, planned);
  }
  return planned;
}

}  // namespace plan::host_ports
