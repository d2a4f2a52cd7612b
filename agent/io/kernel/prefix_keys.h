// Prefixes as the tries of the datapath have them: of IPv6, with IPv4 in ::ffff:0:0/96.
#pragma once

#include "base/ip.h"
#include "model/abi_address.h"

namespace io::kernel {

constexpr uint32_t kIpv4Begins = 96;  // bits of ::ffff:0:0/96

inline uint32_t prefix_bits(const base::Cidr& prefix) { return prefix.length + (prefix.address.is_v4() ? kIpv4Begins : 0); }

// An entry that no row stands for, of IPv6 though its address is of IPv4, is a prefix all the same: one to be removed.
inline base::Cidr prefix_from(uint32_t bits, const ip_addr& address) {
  const base::Ip ip = model::from_abi(address);
  return {ip, static_cast<uint8_t>(bits - (ip.is_v4() && bits >= kIpv4Begins ? kIpv4Begins : 0))};
}

}  // namespace io::kernel
