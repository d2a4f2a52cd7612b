#include "io/http/workers.h"

#include <sys/eventfd.h>

#include <utility>

namespace io::http {

base::Result<void> Workers::start(size_t threads) {
  base::Result<void> started;
  while (started.ok() && threads_.size() < threads) {
    base::Thread thread;
    started = thread.start([this] { run(); });
    if (started.ok()) threads_.push_back(std::move(thread));
  }
  if (!started.ok()) stop();
  return started;
}

void Workers::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  some_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool Workers::push(Item item) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= most_) return false;
    waiting_.push_back(std::move(item));
  }
  some_.notify_one();
  return true;
}

std::vector<Workers::Item> Workers::take_done() {
  std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    some_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    item.text = work_(item.listener, item.text);
    lock.lock();
    done_.push_back(std::move(item));
    ::eventfd_write(wake_, 1);
  }
}

}  // namespace io::http
