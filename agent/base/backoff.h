// How long to wait after failures in a row: doubled with each, up to a longest.
#pragma once

#include <algorithm>
#include <random>

#include "base/clock.h"

namespace base {

struct Backoff {
  Millis first{100}, longest{30'000};

  // After so many failures, at least one.
  Millis after(uint32_t failures) const { return std::min(first * (int64_t{1} << std::min(failures - 1, 20U)), longest); }
  // The same, less up to a half at random: those who lost one server together do not come back to it all at once.
  template <class Random>
  Millis with_jitter(uint32_t failures, Random& random) const {
    const Millis most = after(failures);
    return most - Millis(std::uniform_int_distribution<int64_t>(0, most.count() / 2)(random));
  }
};

}  // namespace base
