#include "status/filters.h"

#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "status/render.h"

namespace status {
namespace {

constexpr std::pair<std::string_view, uint8_t> kProtocols[] = {{"TCP", IPPROTO_TCP},       {"UDP", IPPROTO_UDP},   {"ICMP", IPPROTO_ICMP},
                                                               {"ICMPv6", IPPROTO_ICMPV6}, {"SCTP", IPPROTO_SCTP}, {"GRE", IPPROTO_GRE},
                                                               {"ESP", IPPROTO_ESP},       {"IPIP", IPPROTO_IPIP}};

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lowered;
}

std::optional<uint64_t> number(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || rest != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<uint8_t> protocol_of(std::string_view text) {
  for (const auto& [name, value] : kProtocols)
    if (lower(name) == lower(text)) return value;
  auto value = number(text, 0, 255);
  return value ? std::optional(static_cast<uint8_t>(*value)) : std::nullopt;
}

std::optional<base::Cidr> prefix_of(const std::string& text) {
  if (auto cidr = base::parse_cidr(text)) return base::canonical(*cidr);
  auto ip = base::parse_ip(text);
  return ip ? std::optional(base::host_cidr(*ip)) : std::nullopt;
}

// "": taken; else what it should be.
std::string_view set(Filters& filters, const std::string& name, const std::string& value) {
  if (name == "address") return (filters.address = prefix_of(value)) ? "" : "an address or a prefix";
  if (name == "protocol") return (filters.protocol = protocol_of(value)) ? "" : "a protocol such as tcp, udp, icmp or 47";
  if (name == "port") {
    auto port = number(value, 0, 65535);
    if (port) filters.port = static_cast<uint16_t>(*port);
    return port ? "" : "a port";
  }
  if (name == "limit") {
    auto limit = number(value, 1, Filters::kHighestLimit);
    if (limit) filters.limit = *limit;
    return limit ? "" : "a number of rows from 1 to 10000";
  }
  if (name == "state") {
    filters.state = lower(value);
    const bool known = filters.state == "new" || filters.state == "established" || filters.state == "closing";
    return known ? "" : "new, established or closing";
  }
  (name == "namespace" ? filters.ns : filters.service) = value;
  return "";
}

}  // namespace

base::Result<Filters> parse_filters(const std::map<std::string, std::string>& query, std::span<const std::string_view> allowed) {
  Filters filters;
  for (const auto& [name, value] : query) {
    if (name == "format") continue;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      std::string known;
      for (std::string_view other : allowed) known += (known.empty() ? "" : ", ") + std::string(other);
      return base::Error{EINVAL,
                         "there is no filter \"" + base::printable(name, 40) + "\" here" + (known.empty() ? "" : "; there are: " + known)};
    }
    if (auto wanted = set(filters, name, value); !wanted.empty())
      return base::Error{EINVAL, name + "=" + base::printable(value, 40) + " is not " + std::string(wanted)};
  }
  return filters;
}

std::string protocol_text(uint8_t protocol) {
  for (const auto& [name, value] : kProtocols)
    if (value == protocol) return std::string(name);
  return std::to_string(protocol);
}

}  // namespace status
