// Regions of one large array: first fit over free extents, with neighbours merged. Freed regions rest in quarantine, so that a packet
// that read an old handle never meets another service's slots. A region of size 0 takes no room.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace reconcile {

// Far longer than any program run: readers hold a handle for microseconds, under RCU.
constexpr base::Millis kReuseGrace{1000};

// ENOSPC, in words.
base::Error all_in_use(const char* what, uint32_t size);

class RegionAllocator {
 public:
  RegionAllocator() = default;
  explicit RegionAllocator(uint32_t capacity);

  // A region in use before this process started; false when it is out of range or overlaps another one.
  bool claim(uint32_t base, uint32_t size);
  std::optional<uint32_t> allocate(uint32_t size, base::BootTime now);
  void release(uint32_t base, uint32_t size, base::BootTime now);
  uint32_t used() const { return used_; }  // entries, with those in quarantine

 private:
  struct Resting {
    uint32_t base, size;
    base::BootTime since;
  };
  void insert_free(uint32_t base, uint32_t size);

  std::map<uint32_t, uint32_t> free_;  // base -> size
  std::deque<Resting> resting_;
  uint32_t used_ = 0;
};

}  // namespace reconcile
