// The maps behind Services as reconcile/service_regions and reconcile/frontends write them: a hash of frontends and five arrays. Real
// ones are in io/kernel, in-memory ones in tests/support.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "abi/services.h"
#include "base/result.h"

namespace io {

class ServiceMaps {
 public:
  struct Sizes {
    uint32_t sets = 0, slots = 0, backends = 0;  // entries
    uint64_t identity = 0;                       // other maps have another one
    bool operator==(const Sizes&) const = default;
  };
  virtual ~ServiceMaps() = default;

  // Opens what is pinned now; ENOENT before a datapath object ever was. When it fails, what was open before stays so.
  virtual base::Result<Sizes> open() = 0;
  // Since open() others were pinned in their place, with the same entries.
  virtual bool replaced() { return false; }
  virtual base::Result<std::vector<std::pair<frontend_key, frontend>>> frontends() = 0;
  virtual base::Result<void> put_frontend(const frontend_key& key, const frontend& sets) = 0;  // both sets at once
  virtual base::Result<void> erase_frontend(const frontend_key& key) = 0;

  // Words of the bits by frontend_address_bit(); below FRONTEND_ADDRESS_BITS / 64.
  virtual base::Result<uint64_t> frontend_addresses(uint32_t word) = 0;
  virtual base::Result<void> set_frontend_addresses(uint32_t word, uint64_t bits) = 0;

  // Those that are not 0, by set number. Indices here and below are below the sizes that open() gave.
  virtual base::Result<std::vector<std::pair<uint32_t, uint64_t>>> hashes() = 0;
  virtual base::Result<void> set_hash(uint32_t set, uint64_t hash) = 0;

  // Errors: the memory cannot be mapped.
  virtual base::Result<service_handle> handle(uint32_t set) = 0;
  virtual base::Result<void> set_handle(uint32_t set, service_handle handle) = 0;  // one atomic store, after all that it refers to
  virtual base::Result<service_options> options(uint32_t set) = 0;
  virtual base::Result<void> set_options(uint32_t set, service_options options) = 0;
  virtual base::Result<service_slot> slot(uint32_t index) = 0;
  virtual base::Result<void> set_slot(uint32_t index, const service_slot& slot) = 0;
  virtual base::Result<struct backend> backend(uint32_t index) = 0;
  virtual base::Result<void> set_backend(uint32_t index, const struct backend& value) = 0;

  // After a UDP set without these has been stored, or such a set has gone: what is connected to them by it is to be cut off. Not waited
  // for, and no matter if it is said of one that stayed.
  virtual void backends_left(std::vector<struct backend> /*gone*/) {}
};

// Slots of a set: those that are chosen from, and behind them those of backends that are leaving; never beyond the `slots` of the map.
struct SetSlots {
  uint32_t first = 0, chosen = 0, leaving = 0;
};
inline base::Result<SetSlots> slots_of(ServiceMaps& maps, service_handle handle, uint32_t slots) {
  SetSlots found{service_handle_base(handle), service_handle_size(handle), 0};
  if (found.first >= slots) return SetSlots{};
  found.chosen = std::min(found.chosen, slots - found.first);
  const uint32_t behind = found.first + found.chosen;
  if ((handle & SERVICE_LEAVING) && behind < slots) found.leaving = std::min(TRY(maps.slot(behind)).other, slots - behind);
  return found;
}

}  // namespace io
