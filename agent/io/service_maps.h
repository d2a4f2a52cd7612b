// The maps behind Services as reconcile/service_regions writes them: a hash of frontends and four arrays. Real ones are in
// io/kernel, in-memory ones in tests/support.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "abi/services.h"
#include "base/result.h"

namespace io {

class ServiceMaps {
 public:
  struct Sizes {
    uint32_t services = 0, slots = 0, backends = 0;  // entries
  };
  virtual ~ServiceMaps() = default;

  // Opens the maps if they are there; ENOENT before a datapath object was ever pinned.
  virtual base::Result<Sizes> open() = 0;
  virtual base::Result<std::vector<std::pair<frontend_key, uint32_t>>> frontends() = 0;
  virtual base::Result<void> put_frontend(const frontend_key& key, uint32_t service) = 0;
  virtual base::Result<void> erase_frontend(const frontend_key& key) = 0;

  // Indices are below the sizes that open() gave. Errors: the memory cannot be mapped.
  virtual base::Result<service_handle> handle(uint32_t service) = 0;
  virtual base::Result<void> set_handle(uint32_t service, service_handle handle) = 0;  // one atomic store, after all that it refers to
  virtual base::Result<uint32_t> slot(uint32_t index) = 0;
  virtual base::Result<void> set_slot(uint32_t index, uint32_t backend) = 0;
  virtual base::Result<struct backend> backend(uint32_t index) = 0;
  virtual base::Result<void> set_backend(uint32_t index, const struct backend& value) = 0;
  // Seconds; meant only where the handle has SERVICE_AFFINITY, and therefore stored before it.
  virtual base::Result<uint32_t> affinity_seconds(uint32_t service) = 0;
  virtual base::Result<void> set_affinity_seconds(uint32_t service, uint32_t seconds) = 0;
};

}  // namespace io
