// Time as the engine hands it to planners: milliseconds of CLOCK_BOOTTIME, which goes on in suspend and never jumps.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace base {

using Millis = std::chrono::milliseconds;
using BootTime = std::chrono::milliseconds;  // since boot

inline BootTime boot_now() {
  timespec ts;
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return std::chrono::duration_cast<Millis>(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

// By the clock on the wall, which others' times are compared with and which may jump: seconds since 1970.
inline double utc_now_seconds() {
  timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return static_cast<double>(ts.tv_sec) + static_cast<double>(ts.tv_nsec) * 1e-9;
}

}  // namespace base
