// Kubernetes' rules for names, as the API server checks them.
#pragma once

#include <string_view>

namespace sources::decode {

bool is_dns_label(std::string_view name);      // RFC 1123: up to 63 of a-z 0-9 -, no - at either end
bool is_dns_subdomain(std::string_view name);  // labels joined by dots, up to 253
bool is_port_name(std::string_view name);      // IANA service name: up to 15 of a-z 0-9 -, with a letter, no -- (RFC 6335)

}  // namespace sources::decode
