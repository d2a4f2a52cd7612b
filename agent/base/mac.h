// Ethernet addresses (EUI-48), six bytes in wire order.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace base {

struct Mac {
  std::array<uint8_t, 6> bytes{};

  auto operator<=>(const Mac&) const = default;
};

inline std::string to_string(const Mac& mac) {
  char text[18];
  const auto& b = mac.bytes;
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
  return text;
}

}  // namespace base
