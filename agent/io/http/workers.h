// Threads that turn requests into responses, for a loop that must not wait: what is done comes back in a mailbox and wakes a descriptor.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/thread.h"

namespace io::http {

class Workers {
 public:
  struct Item {
    uint64_t id = 0;
    std::string listener;
    std::string text;  // a request on its way there, the response on its way back
  };
  using Work = std::function<std::string(const std::string& listener, const std::string& request)>;

  // `most` waiting items; `wake` is an eventfd that becomes readable when something is done.
  Workers(Work work, size_t most, int wake) : work_(std::move(work)), most_(most), wake_(wake) {}
  ~Workers() { stop(); }

  base::Result<void> start(size_t threads);  // fails for want of threads; then none runs
  void stop();
  bool push(Item item);  // false: too many wait
  std::vector<Item> take_done();

 private:
  void run();

  Work work_;
  size_t most_;
  int wake_;
  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<Item> waiting_;
  std::vector<Item> done_;
  bool stopped_ = false;
  std::vector<base::Thread> threads_;
};

}  // namespace io::http
