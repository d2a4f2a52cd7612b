// Status for nodes without a shell: RUN-DIR/status always holds a recent text of /status, and the log gets each change of health,
// what is amiss once, and every ten minutes one line. Owns a thread that looks at what the engine published.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "base/thread.h"
#include "model/published_cell.h"
#include "status/readiness.h"
#include "status/remarks.h"
#include "status/use_cache.h"

namespace status {

// When to write and what to log; no clock, no file. Times are of CLOCK_BOOTTIME.
class ReportSchedule {
 public:
  struct Due {
    bool file = false;
    bool health_changed = false;
    bool summary = false;
  };
  Due next(const std::vector<Check>& checks, uint64_t problems_revision, base::BootTime now);

 private:
  std::string last_health_, last_reasons_;
  uint64_t last_problems_ = 0;
  base::BootTime last_file_{}, last_summary_{};
  bool first_ = true;
};

class Reporter {
 public:
  Reporter(std::string run_dir, const model::PublishedCell& cell, UseCache& use);  // cell and cache outlive it
  ~Reporter();                                                                     // stops

  base::Result<void> start();  // fails for want of threads only
  void stop();                 // the file stays, with the last state

 private:
  void loop();
  void look();

  std::string path_;
  const model::PublishedCell& cell_;
  UseCache& use_;
  ReportSchedule schedule_;
  Remarks remarks_;
  bool write_failed_ = false;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  base::Thread thread_;
};

}  // namespace status
