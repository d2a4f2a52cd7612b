// What of a long table somebody asks for: the query of /tables/NAME, as of "get NAME address=10.0.0.1 port=80 limit=20".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace status {

struct Filters {
  static constexpr size_t kUsualLimit = 1'000, kHighestLimit = 10'000;
  std::optional<base::Cidr> address;  // some address of the row is in it
  std::optional<uint16_t> port;       // some port of the row is it
  std::optional<uint8_t> protocol;    // IPPROTO_*
  std::string state, ns, service;     // "": any
  size_t limit = kUsualLimit;         // rows

  bool has(const base::Ip& ip) const { return !address || address->contains(ip); }
};

// `allowed`: the names that the table knows, beside format. EINVAL: another name, or a value that is none.
base::Result<Filters> parse_filters(const std::map<std::string, std::string>& query, std::span<const std::string_view> allowed);

std::string protocol_text(uint8_t protocol);  // "TCP", "47"

}  // namespace status
