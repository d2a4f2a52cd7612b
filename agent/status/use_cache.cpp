#include "status/use_cache.h"

#include <algorithm>

namespace status {
namespace {

constexpr base::Millis kEvery{10'000};
constexpr base::Millis kEveryWithout{1'000};  // a datapath to measure
constexpr int kShare = 100;                   // of the time at most one part goes into measuring
constexpr base::Millis kLongestOfAMap{1'000};

}  // namespace

UseCache::UseCache() : measure_([](const std::string& bpf_root) { return io::kernel::measure_use(bpf_root, kLongestOfAMap); }) {}

bool UseCache::is_due(base::BootTime now) const {
  std::lock_guard lock(mutex_);
  return now >= next_;
}

std::shared_ptr<const io::kernel::Use> UseCache::get(const std::string& bpf_root, base::BootTime now) {
  if (std::unique_lock only(measuring_, std::try_to_lock); only && is_due(now)) {
    auto measured = measure_(bpf_root);
    std::lock_guard lock(mutex_);
    last_ = measured.ok() ? std::make_shared<const io::kernel::Use>(std::move(*measured)) : nullptr;
    next_ = now + (last_ ? std::max(kEvery, last_->took * kShare) : kEveryWithout);
  }
  std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace status
