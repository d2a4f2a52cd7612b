// A thread that waits in poll(2), ended by a descriptor.
#pragma once

#include <sys/eventfd.h>

#include <utility>

#include "base/fd.h"
#include "base/thread.h"

namespace io::kernel {

class PollingThread {
 public:
  PollingThread() = default;
  PollingThread(const PollingThread&) = delete;
  ~PollingThread() { stop(); }

  // body(stop): the descriptor becomes readable when the thread is to end. Errors as of base::Thread, and EMFILE.
  template <class Body>
  base::Result<void> start(Body body) {
    if (thread_.joinable()) return {};
    stop_ = base::Fd(::eventfd(0, EFD_CLOEXEC));
    if (!stop_) return base::errno_error("eventfd");
    return thread_.start([body = std::move(body), stop = stop_.get()]() mutable { body(stop); });
  }
  // Waits for its end.
  void stop() {
    if (!thread_.joinable()) return;
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

 private:
  base::Fd stop_;
  base::Thread thread_;
};

}  // namespace io::kernel
