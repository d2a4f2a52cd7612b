#include "model/fields_text.h"

#include <linux/rtnetlink.h>

namespace model {

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
  }
  return "?";
}

std::string endpoint_text(const base::Ip& address, uint16_t port) {
  std::string text = base::to_string(address);
  if (!address.is_v4()) text = "[" + text + "]";
  return text + ":" + std::to_string(port);
}

std::string_view family_name(base::Family family) { return family == base::Family::kIpv4 ? "IPv4" : "IPv6"; }

std::string_view hook_name(desired::Hook hook) {
  switch (hook) {
    case desired::Hook::kConnect4:
      return "connect4";
    case desired::Hook::kConnect6:
      return "connect6";
    case desired::Hook::kSendmsg4:
      return "sendmsg4";
    case desired::Hook::kSendmsg6:
      return "sendmsg6";
    case desired::Hook::kRecvmsg4:
      return "recvmsg4";
    case desired::Hook::kRecvmsg6:
      return "recvmsg6";
    case desired::Hook::kGetpeername4:
      return "getpeername4";
    case desired::Hook::kGetpeername6:
      return "getpeername6";
    case desired::Hook::kUplinkIngress:
      return "uplink_ingress";
  }
  return "?";
}

std::string row_name(const desired::Row& row) {
  if (const auto* set = std::get_if<desired::ServiceSet>(&row)) return set->id.text();
  if (const auto* attachment = std::get_if<desired::Attachment>(&row))
    return std::string(hook_name(attachment->hook)) + "@" + attachment->target;
  return std::visit([](const auto& alternative) { return alternative.key(); }, row);
}

std::string address_text(const base::Ip& address) { return address.is_unspecified() ? "" : base::to_string(address); }

std::vector<std::string> texts(const std::vector<base::Ip>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(base::to_string(address));
  return texts;
}

std::vector<std::string> texts(const std::vector<base::Cidr>& prefixes) {
  std::vector<std::string> texts;
  for (const auto& prefix : prefixes) texts.push_back(base::to_string(prefix));
  return texts;
}

std::vector<std::string> label_texts(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels) texts.push_back(key + "=" + value);
  return texts;
}

std::string route_protocol_name(uint8_t protocol) {
  switch (protocol) {
    case desired::kRouteProtocol:
      return "ichor";
    case RTPROT_REDIRECT:
      return "redirect";
    case RTPROT_KERNEL:
      return "kernel";
    case RTPROT_BOOT:
      return "boot";
    case RTPROT_STATIC:
      return "static";
    case RTPROT_RA:
      return "ra";
    case RTPROT_DHCP:
      return "dhcp";
    default:
      return std::to_string(protocol);
  }
}

std::string route_type_name(uint8_t type) {
  switch (type) {
    case RTN_UNICAST:
      return "unicast";
    case RTN_LOCAL:
      return "local";
    case RTN_BROADCAST:
      return "broadcast";
    case RTN_ANYCAST:
      return "anycast";
    case RTN_MULTICAST:
      return "multicast";
    case RTN_BLACKHOLE:
      return "blackhole";
    case RTN_UNREACHABLE:
      return "unreachable";
    case RTN_PROHIBIT:
      return "prohibit";
    default:
      return std::to_string(type);
  }
}

std::string route_text(const HostRoute& route) {
  std::string text = route.type == RTN_UNICAST ? "" : route_type_name(route.type) + " ";
  text += base::to_string(route.destination);
  if (!route.gateway.is_unspecified()) text += " via " + base::to_string(route.gateway);
  if (!route.link.empty()) text += " dev " + route.link;
  return text + " proto " + route_protocol_name(route.protocol);
}

}  // namespace model
