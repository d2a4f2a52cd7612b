#include "support/fake_api_connection.h"

namespace support {

class FakeApiConnection : public io::kube::Connection {
 public:
  explicit FakeApiConnection(FakeApi& api) : api_(api) {}

  base::Result<io::kube::Answer> get(const std::string& target, base::Millis, const io::kube::BodySink& sink) override {
    std::string path = target.substr(0, target.find('?'));
    std::unique_lock lock(api_.mutex_);
    if (stopped_) return base::Error{ECANCELED, "stopped"};
    if (api_.away_) return base::Error{ECONNREFUSED, "connection refused"};
    if (api_.forbidden_.contains(path)) return io::kube::Answer{403, "Forbidden", path + " is forbidden", {}};
    uint64_t run = api_.runs_;
    auto stream = api_.servers_[path].open(target);
    lock.unlock();
    bool wanted = !stream.answer.ok() || sink("");
    lock.lock();
    while (wanted && stream.answer.ok()) {
      std::string text = api_.stalled_.contains(path) ? "" : api_.servers_[path].body(stream);
      if (!text.empty()) {
        lock.unlock();
        bool more = sink(text);
        lock.lock();
        if (!more) break;
      }
      if (stream.ended) break;
      if (text.empty() && !stopped_ && run == api_.runs_) api_.changed_.wait(lock);
      if (stopped_) return base::Error{ECANCELED, "stopped"};
      if (run != api_.runs_) return base::Error{EPIPE, "cut off"};
    }
    return stream.answer;
  }
  base::Result<io::kube::Answer> patch(const std::string&, const std::string&, const std::string&) override {
    return base::Error{ENOTSUP, "nothing is written here"};
  }
  void stop() override {
    std::lock_guard lock(api_.mutex_);
    stopped_ = true;
    api_.changed_.notify_all();
  }

 private:
  FakeApi& api_;
  bool stopped_ = false;
};

void FakeApi::go_away() {
  std::lock_guard lock(mutex_);
  away_ = true;
  ++runs_;
  changed_.notify_all();
}

void FakeApi::come_back() {
  std::lock_guard lock(mutex_);
  away_ = false;
}

void FakeApi::forbid(const std::string& path) {
  std::lock_guard lock(mutex_);
  forbidden_.insert(path);
}

void FakeApi::stall(const std::string& path) {
  std::lock_guard lock(mutex_);
  stalled_.insert(path);
}

size_t FakeApi::full_states(const std::string& path) {
  std::lock_guard lock(mutex_);
  return servers_[path].lists;
}

std::unique_ptr<io::kube::Connection> FakeApi::connect() { return std::make_unique<FakeApiConnection>(*this); }

}  // namespace support
