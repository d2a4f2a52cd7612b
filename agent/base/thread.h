// A thread that an object owns: started once, joined by its owner. That none can be made (RLIMIT_NPROC, a cgroup's pids.max) is an error
// like any other.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace base {

class Thread {
 public:
  // EAGAIN where there is none to be had. One that has been started stays as it is: whoever failed half-way may begin anew.
  template <class Body>
  Result<void> start(Body&& body) {
    if (thread_.joinable()) return {};
    try {
      thread_ = std::thread(std::forward<Body>(body));
    } catch (const std::system_error& error) {
      return Error{EAGAIN, std::string("thread: ") + error.what()};
    }
    return {};
  }
  bool joinable() const { return thread_.joinable(); }
  void join() { thread_.join(); }
  std::thread::native_handle_type native_handle() { return thread_.native_handle(); }

 private:
  std::thread thread_;
};

}  // namespace base
