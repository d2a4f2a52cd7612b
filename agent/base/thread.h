// A thread of a class: started once, asked to stop and joined with it. A thread that cannot be made is an error like any other.
#pragma once

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace base {

class Thread {
 public:
  // EAGAIN where the machine has no thread to give (RLIMIT_NPROC, the cgroup's pids.max), EALREADY when it runs already.
  Result<void> start(std::function<void()> body) {
    if (thread_.joinable()) return Error{EALREADY, "thread: runs already"};
    try {
      thread_ = std::thread(std::move(body));
    } catch (const std::system_error& error) {
      return Error{EAGAIN, std::string("thread: ") + error.what()};
    }
    return {};
  }
  bool started() const { return thread_.joinable(); }
  // Whoever stops it has told it so.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace base
