// The thread of one resource: a Reflector with a connection, a clock and patience.
#pragma once

#include <functional>
#include <memory>

#include "base/mailbox.h"
#include "base/thread.h"
#include "io/kube/connection.h"
#include "sources/api_server/reflector.h"

namespace sources::api_server {

class Watcher {
 public:
  struct Callbacks {
    // Called on the thread with what each piece of an answer says; never with nothing.
    std::function<void(Events)> report;
    // A server that could not be reached has answered: the others may want to know.
    std::function<void()> reached;
  };

  Watcher(size_t kind, const std::string& node_name, const std::string& proxy_name, std::unique_ptr<io::kube::Connection> connection,
          Callbacks callbacks);
  ~Watcher();

  base::Result<void> start();  // fails for want of threads only
  void stop();                 // returns at once
  void join();
  void retry() { orders_.push(Order::kRetry); }  // from any thread: the server can be reached again

 private:
  enum class Order : uint8_t { kStop, kRetry };

  void run();
  bool wait(const Pause& pause);  // false: stopped
  base::Result<io::kube::Answer> ask(bool was_unreachable);
  void report(Events events);

  Reflector reflector_;
  std::unique_ptr<io::kube::Connection> connection_;
  Callbacks callbacks_;
  base::Mailbox<Order> orders_;
  base::Thread thread_;
};

}  // namespace sources::api_server
