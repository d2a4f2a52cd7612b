// Backends and ports of desired rows as bpf/abi/services.h lays them out, and back.
#pragma once

#include <bit>

#include "abi/services.h"
#include "model/abi_address.h"
#include "model/desired/services.h"

namespace reconcile {

using model::from_abi;
using model::to_abi;

constexpr uint16_t swap_port(uint16_t port) {
  return std::endian::native == std::endian::big ? port : static_cast<uint16_t>(port << 8 | port >> 8);
}

inline backend to_abi(const model::desired::Backend& backend) { return {to_abi(backend.address), swap_port(backend.port), 0, 0}; }
inline model::desired::Backend from_abi(const backend& value) { return {from_abi(value.address), swap_port(value.port_be)}; }

}  // namespace reconcile
