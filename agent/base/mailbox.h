// The only way from thread to thread: an unbounded queue whose reader takes everything at once, so that a burst costs one pass.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace base {

template <class T>
class Mailbox {
 public:
  void push(T message) {
    {
      std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  // Returns what has arrived; waits for the first message until the given time (nullopt: for ever).
  std::vector<T> take(std::optional<BootTime> until) {
    std::unique_lock lock(mutex_);
    auto some = [this] { return !messages_.empty(); };
    if (until)
      arrived_.wait_for(lock, *until - boot_now(), some);
    else
      arrived_.wait(lock, some);
    return std::exchange(messages_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> messages_;
};

}  // namespace base
