#include "engine/watchdog.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>

namespace engine {
namespace {

constexpr std::chrono::seconds kToSayWhy{2};

}  // namespace

base::Millis awake_now() { return std::chrono::duration_cast<base::Millis>(std::chrono::steady_clock::now().time_since_epoch()); }

Watchdog::Watchdog() : last_turn_(awake_now().count()) {}

Watchdog::~Watchdog() {
  stop_.request_stop();
  if (thread_.joinable()) thread_.join();
}

base::Result<void> Watchdog::start() {
  return thread_.start([this] { watch(stop_.get_token()); });
}

void Watchdog::turned() { last_turn_ = awake_now().count(); }

bool Watchdog::alive() const { return awake_now() - base::Millis(last_turn_) < kStaleAfter; }

void Watchdog::watch(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, kTurnEvery, [&] { return stop.stop_requested(); })) {
    if (awake_now() - base::Millis(last_turn_) < kHungAfter) continue;
    // What hung may hold the log, or a full pipe may: then the alarm's signal ends the process.
    ::alarm(kToSayWhy.count());
    spdlog::critical("engine: no turn for {} s, ending so that the service is restarted; packets go on by the pinned programs",
                     kHungAfter.count() / 1000);
    spdlog::default_logger()->flush();
    std::_Exit(EXIT_FAILURE);
  }
}

}  // namespace engine
