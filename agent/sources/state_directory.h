// Whether the state directory takes what must survive a restart, tried again and again: a disk fills up, and gets room again, while the
// agent runs. What could not be written there at the start is written as soon as it can be.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/kernel/polling_thread.h"
#include "model/fact_sink.h"

namespace sources {

class StateDirectory {
 public:
  // Something that is to be written there once; called on the thread of this class until it succeeds.
  struct PendingWrite {
    std::string subject;  // of its Problem row, which is there as long as it fails
    std::function<base::Result<void>()> run;
  };

  // The sink gets the Problem "" of Origin::kStateDirectory while no file can be made, and one for each write that waits.
  StateDirectory(std::string directory, std::vector<PendingWrite> pending, model::FactSink sink);

  base::Result<void> start();  // tries once before it returns; fails for want of descriptors only

 private:
  bool look();  // true: all is well
  void report(const std::string& name, const base::Result<void>& outcome, const model::Problem& problem);

  std::string directory_;
  std::vector<PendingWrite> pending_;
  model::FactSink sink_;
  std::map<std::string, std::string> reported_;  // name: text
  io::kernel::PollingThread thread_;
};

}  // namespace sources
