// How full the datapath's maps are, measured now and then: by whoever asks when the last measurement is old, on that thread, and of those
// who ask at once by one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "io/kernel/map_use.h"

namespace status {

class UseCache {
 public:
  using Measure = std::function<base::Result<io::kernel::Use>(const std::string& bpf_root)>;

  UseCache();  // what is pinned
  explicit UseCache(Measure measure) : measure_(std::move(measure)) {}

  // null: no datapath is loaded, or it has not been measured yet.
  std::shared_ptr<const io::kernel::Use> get(const std::string& bpf_root, base::BootTime now);

 private:
  bool is_due(base::BootTime now) const;

  Measure measure_;
  std::mutex measuring_;
  mutable std::mutex mutex_;
  std::shared_ptr<const io::kernel::Use> last_;
  base::BootTime next_{};  // zero: at once
};

}  // namespace status
