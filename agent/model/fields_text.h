// How single values are written in fields: one spelling for ports, lists of addresses and the kernel's numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "model/cluster/service.h"
#include "model/desired/rows.h"
#include "model/host/link.h"

namespace model {

std::string_view protocol_name(Protocol protocol);                  // "TCP"
std::string endpoint_text(const base::Ip& address, uint16_t port);  // "10.0.0.1:80", "[fd00::1]:80"
std::string_view family_name(base::Family family);
std::string_view hook_name(desired::Hook hook);  // "connect4"
// What a person calls a desired row: its key, but for kinds whose keys are made of numbers.
std::string row_name(const desired::Row& row);
// Unspecified addresses are written as nothing: they stand for "none" in rows.
std::string address_text(const base::Ip& address);
std::vector<std::string> texts(const std::vector<base::Ip>& addresses);
std::vector<std::string> texts(const std::vector<base::Cidr>& prefixes);
std::string route_protocol_name(uint8_t protocol);
std::string route_type_name(uint8_t type);
std::string route_text(const HostRoute& route);  // "10.0.0.0/8 via 192.0.2.1 dev eth0 proto static", as ip-route(8) has it
std::vector<std::string> label_texts(const std::map<std::string, std::string>& labels);  // "key=value"

}  // namespace model
