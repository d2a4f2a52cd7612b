// The thread that writes STATE-DIR/objects: encoding and the disk take longer than a change may wait.
#pragma once

#include <functional>
#include <string>

#include "base/mailbox.h"
#include "base/thread.h"
#include "sources/api_server/object_log.h"

namespace sources::api_server {

class Keeper {
 public:
  // Of each keep(), on the thread; what ObjectLog::keep() returned.
  using Report = std::function<void(base::Result<bool>)>;

  Keeper(std::string path, std::string node_name, Report report)
      : log_(std::move(path), std::move(node_name)), report_(std::move(report)) {}
  ~Keeper();  // after what it was given last has been written

  base::Result<void> start();
  void keep(const Rows& rows, const Kinds& kinds) { mailbox_.push(State{rows, kinds}); }

 private:
  struct State {
    Rows rows;
    Kinds kinds;
  };
  void run();

  ObjectLog log_;
  Report report_;
  base::Mailbox<std::optional<State>> mailbox_;  // nullopt: no more will come
  base::Thread thread_;
};

}  // namespace sources::api_server
