#include "reconcile/region_allocator.h"

#include <iterator>

namespace reconcile {

base::Error all_in_use(const char* what, uint32_t size) {
  return {ENOSPC, "all " + std::to_string(size) + " " + what + " are in use; their number follows the node's memory"};
}

RegionAllocator::RegionAllocator(uint32_t capacity) {
  if (capacity) free_[0] = capacity;
}

bool RegionAllocator::claim(uint32_t base, uint32_t size) {
  if (size == 0) return true;
  auto extent = free_.upper_bound(base);
  if (extent == free_.begin()) return false;
  --extent;
  auto [begin, length] = *extent;
  if (uint64_t{base} + size > uint64_t{begin} + length) return false;
  free_.erase(extent);
  if (base > begin) free_[begin] = base - begin;
  if (base + size < begin + length) free_[base + size] = begin + length - (base + size);
  used_ += size;
  return true;
}

std::optional<uint32_t> RegionAllocator::allocate(uint32_t size, base::BootTime now) {
  while (!resting_.empty() && resting_.front().since + kReuseGrace <= now) {
    insert_free(resting_.front().base, resting_.front().size);
    used_ -= resting_.front().size;
    resting_.pop_front();
  }
  if (size == 0) return 0;
  for (const auto& [base, length] : free_) {
    if (length < size) continue;
    uint32_t found = base;
    claim(found, size);
    return found;
  }
  return std::nullopt;
}

void RegionAllocator::release(uint32_t base, uint32_t size, base::BootTime now) {
  if (size) resting_.push_back({base, size, now});
}

void RegionAllocator::insert_free(uint32_t base, uint32_t size) {
  auto next = free_.lower_bound(base);
  if (next != free_.end() && base + size == next->first) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == base) {
      previous->second += size;
      return;
    }
  }
  free_[base] = size;
}

}  // namespace reconcile
