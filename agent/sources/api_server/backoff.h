// How long to wait after a failure: doubling from 0.8 s to 30 s, with jitter, so that nodes that lost the server together do not all
// come back at once (the figures of client-go's reflector).
#pragma once

#include <algorithm>
#include <optional>
#include <random>

#include "base/clock.h"

namespace sources::api_server {

class Backoff {
 public:
  base::Millis next(base::BootTime now, std::mt19937_64& random) {
    if (failed_ && now - *failed_ > kForgottenAfter) reset();
    failed_ = now;
    base::Millis wait = std::uniform_int_distribution<int64_t>(step_.count(), 2 * step_.count())(random) * base::Millis(1);
    step_ = std::min(step_ * 2, kLongest);
    return std::min(wait, kLongest);
  }
  void reset() { step_ = kShortest; }

 private:
  static constexpr base::Millis kShortest{800}, kLongest{30'000}, kForgottenAfter{120'000};

  base::Millis step_ = kShortest;
  std::optional<base::BootTime> failed_;
};

}  // namespace sources::api_server
