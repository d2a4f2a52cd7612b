// The thread that writes STATE-DIR/objects: encoding and the disk take longer than a change may wait.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/mailbox.h"
#include "sources/api_server/kept_state.h"

namespace sources::api_server {

class Keeper {
 public:
  using Report = std::function<void(base::Result<void>)>;  // of each write, on the thread

  Keeper(std::string path, Report report) : path_(std::move(path)), report_(std::move(report)) {}
  ~Keeper();  // after what it was given last has been written

  base::Result<void> start();
  void keep(KeptState state) { mailbox_.push(std::move(state)); }

 private:
  void run();

  std::string path_;
  Report report_;
  base::Mailbox<std::optional<KeptState>> mailbox_;  // nullopt: no more will come
  std::thread thread_;
};

}  // namespace sources::api_server
