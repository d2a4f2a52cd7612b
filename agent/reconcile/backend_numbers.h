// Numbers backends: each has one for as long as some set holds it, and keeps it over restarts.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "io/service_maps.h"
#include "model/desired/services.h"
#include "reconcile/region_allocator.h"

namespace reconcile {

class BackendNumbers {
 public:
  using Backend = model::desired::Backend;
  BackendNumbers() = default;
  explicit BackendNumbers(uint32_t capacity) : capacity_(capacity), free_(capacity) {}

  // A number for each, in order, written where it is new; all of them or none. ENOSPC: all numbers are in use.
  base::Result<std::vector<uint32_t>> hold(const std::vector<Backend>& backends, io::ServiceMaps& maps, base::BootTime now);
  void release(const std::vector<uint32_t>& numbers, base::BootTime now);
  // Holds one as it was found in the maps. False: the number, or the backend, is known as another one.
  bool adopt(uint32_t number, const Backend& backend);
  // What is in the maps under this number is not what was written there: the next hold writes it again.
  void distrust(uint32_t number);
  const Backend* find(uint32_t number) const;

 private:
  struct Numbered {
    uint32_t number = 0;
    uint32_t references = 0;
    bool written = true;
  };
  base::Result<uint32_t> hold_one(const Backend& backend, io::ServiceMaps& maps, base::BootTime now);

  uint32_t capacity_ = 0;
  RegionAllocator free_;
  std::map<Backend, Numbered> numbers_;
  std::unordered_map<uint32_t, Backend> backends_;  // by number
};

}  // namespace reconcile
