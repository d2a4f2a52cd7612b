// base's addresses as bpf/abi lays them out, and back: the same bytes.
#pragma once

#include <bit>

#include "abi/types.h"
#include "base/ip.h"
#include "base/mac.h"

namespace model {

inline ip_addr to_abi(const base::Ip& ip) { return std::bit_cast<ip_addr>(ip.bytes); }
inline ether_mac to_abi(const base::Mac& mac) { return std::bit_cast<ether_mac>(mac.bytes); }
inline base::Ip from_abi(const ip_addr& ip) { return {std::bit_cast<std::array<uint8_t, 16>>(ip)}; }
inline base::Mac from_abi(const ether_mac& mac) { return {std::bit_cast<std::array<uint8_t, 6>>(mac)}; }

}  // namespace model
