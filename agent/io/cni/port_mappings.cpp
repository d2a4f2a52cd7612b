#include "io/cni/port_mappings.h"

#include <strings.h>

namespace io::cni {
namespace {

using model::HostPort;
using model::Protocol;
using nlohmann::json;

constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};

bool equal_ignoring_case(const std::string& text, std::string_view other) {
  return strcasecmp(text.c_str(), std::string(other).c_str()) == 0;
}

// containerd writes HostPort, others hostPort: what reads them elsewhere does not care.
json::const_iterator find(const json& entry, std::string_view key) {
  auto member = entry.begin();
  while (member != entry.end() && !equal_ignoring_case(member.key(), key)) ++member;
  return member;
}

base::Result<uint16_t> port_of(const json& entry, const char* key, bool may_be_absent) {
  const auto found = find(entry, key);
  if (found == entry.end() && may_be_absent) return uint16_t{0};
  if (found == entry.end() || !found->is_number_integer() || *found < (may_be_absent ? 0 : 1) || *found > 65535)
    return base::Error{EINVAL, std::string(key) + ": not a port (1 to 65535)"};
  return found->get<uint16_t>();
}

// Absent: TCP. Runtimes write it in either case.
base::Result<Protocol> protocol_of(const json& entry) {
  const auto found = find(entry, "protocol");
  if (found == entry.end()) return Protocol::kTcp;
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  for (auto protocol : kProtocols)
    if (equal_ignoring_case(text, model::protocol_name(protocol))) return protocol;
  return base::Error{EINVAL, "protocol: not one of tcp, udp, sctp"};
}

base::Result<std::optional<base::Ip>> host_ip_of(const json& entry) {
  const auto found = find(entry, "hostIP");
  if (found == entry.end() || *found == "") return std::optional<base::Ip>();
  const auto ip = found->is_string() ? base::parse_ip(found->get_ref<const std::string&>()) : std::nullopt;
  if (!ip) return base::Error{EINVAL, "hostIP: not an IP address"};
  return ip;
}

base::Result<HostPort> parse_port_mapping(const json& entry) {
  if (!entry.is_object()) return base::Error{EINVAL, "not an object"};
  HostPort port;
  port.host_port = TRY(port_of(entry, "hostPort", true));
  if (port.host_port == 0) return port;
  port.container_port = TRY(port_of(entry, "containerPort", false));
  port.protocol = TRY(protocol_of(entry));
  port.host_ip = TRY(host_ip_of(entry));
  return port;
}

}  // namespace

base::Result<std::vector<HostPort>> parse_port_mappings(const json& list) {
  std::vector<HostPort> ports;
  if (list.is_null()) return ports;
  if (!list.is_array()) return base::Error{EINVAL, "portMappings: not a list"};
  for (size_t i = 0; i < list.size(); ++i) {
    HostPort port = TRY_IN(parse_port_mapping(list[i]), "portMappings[" + std::to_string(i) + "]");
    if (port.host_port) ports.push_back(std::move(port));
  }
  return ports;
}

json port_mappings(const std::vector<HostPort>& ports) {
  json list = json::array();
  for (const HostPort& port : ports)
    list.push_back({{"hostPort", port.host_port},
                    {"containerPort", port.container_port},
                    {"protocol", model::protocol_name(port.protocol)},
                    {"hostIP", port.host_ip ? base::to_string(*port.host_ip) : ""}});
  return list;
}

}  // namespace io::cni
