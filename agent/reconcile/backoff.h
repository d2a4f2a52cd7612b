// When a failed write is tried again.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace reconcile {

constexpr base::Millis kFirstRetry{100};
constexpr base::Millis kLongestRetry{30'000};

// After the given number of failures in a row, at least one.
inline base::Millis retry_delay(uint32_t failures) { return std::min(kFirstRetry * (1u << std::min(failures - 1, 9u)), kLongestRetry); }

}  // namespace reconcile
