// Ends the process when the engine's loop has not turned for too long: Talos restarts a service that exits, and packets do not mind.
#pragma once

#include <atomic>
#include <stop_token>

#include "base/clock.h"
#include "base/thread.h"

namespace engine {

// The loop turns at least this often, whether anything happens or not.
constexpr base::Millis kTurnEvery{5'000};
constexpr base::Millis kStaleAfter{15'000};
constexpr base::Millis kHungAfter{30'000};

// Time in which the machine was awake (CLOCK_MONOTONIC): nothing turns in a suspend, and nothing hangs in one.
base::Millis awake_now();

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();

  base::Result<void> start();  // fails for want of threads only
  void turned();               // the engine's thread, once per turn
  bool alive() const;          // any thread: the last turn is not stale

 private:
  void watch(const std::stop_token& stop);

  std::atomic<base::Millis::rep> last_turn_;  // awake
  std::stop_source stop_;
  base::Thread thread_;
};

}  // namespace engine
