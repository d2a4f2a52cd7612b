// The thread of one resource: a Reflector with a connection, a clock and patience.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/mailbox.h"
#include "io/kube/connection.h"
#include "sources/api_server/reflector.h"

namespace sources::api_server {

class Watcher {
 public:
  // Called on the thread with what each piece of an answer told; never with nothing.
  using Sink = std::function<void(Events)>;

  Watcher(size_t kind, const std::string& node_name, std::unique_ptr<io::kube::Connection> connection, Sink sink);
  ~Watcher();

  base::Result<void> start();  // fails for want of threads only
  void stop();                 // returns at once; the destructor waits

 private:
  void run();
  void tell(Events events);

  Reflector reflector_;
  std::unique_ptr<io::kube::Connection> connection_;
  Sink sink_;
  struct Stop {};
  base::Mailbox<Stop> stop_;
  std::thread thread_;
};

}  // namespace sources::api_server
