// Several FakeApiServers, one a resource path, behind io::kube::Connection: what threads of a source talk to in place of a real server.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "support/fake_api_server.h"

namespace support {

class FakeApi {
 public:
  // `change` may do anything to a resource's server; streams hear of it at once.
  template <class Change>
  void with(const std::string& path, Change change) {
    std::lock_guard lock(mutex_);
    change(servers_[path]);
    changed_.notify_all();
  }
  void go_away();  // every stream ends, nothing is answered
  void come_back();
  void forbid(const std::string& path);
  void stall(const std::string& path);          // agrees, and then says nothing
  size_t full_states(const std::string& path);  // lists and initial streams so far

  std::unique_ptr<io::kube::Connection> connect();

 private:
  friend class FakeApiConnection;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, FakeApiServer> servers_;
  std::set<std::string> forbidden_, stalled_;
  bool away_ = false;
  uint64_t runs_ = 0;  // of the server; a stream belongs to one
};

}  // namespace support
