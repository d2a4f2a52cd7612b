#include "model/fields_text.h"

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
  if (const auto* entry = std::get_if<desired::ServiceEntry>(&row); entry && !entry->name.empty()) return entry->name;
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

}  // namespace model
