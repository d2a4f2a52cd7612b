// What /metrics says, to Prometheus: a reading of what the engine and the programs have counted.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "io/http/message.h"
#include "io/kernel/process.h"
#include "model/effect.h"
#include "status/surroundings.h"

namespace status {

struct MetricsMoment {
  std::shared_ptr<const model::Published> published;  // null: the engine has not finished its first pass
  bool alive = false;                                 // its loop turns
  base::BootTime now{};
  UseCache& use;
};

// The answers of one agent. What has just been said is said again: who asks all the time costs no more than who asks each second.
class MetricsAnswers {
 public:
  // May take as long as a measurement of the maps, so not for a thread that must not wait. From any thread.
  io::http::Response answer(const io::http::Request& request, const MetricsMoment& moment);

 private:
  std::mutex mutex_;
  std::string text_;
  base::BootTime until_{};  // zero: nothing has been said
};

// `published` null: as above.
std::string metrics_text(const model::Published* published, bool alive, const io::kernel::ProcessUse& process, Surroundings surroundings);

}  // namespace status
