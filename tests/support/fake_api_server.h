// An API server in memory, for one resource: objects, a history that can be compacted, lists in pages, watches from any version of the
// history, and faults on demand. Pure; fake_api_connection.h puts threads around it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/kube/connection.h"

namespace support {

enum class WholeLists { kGiven, kTooSlow };

class FakeApiServer {
 public:
  explicit FakeApiServer(WholeLists whole_lists = WholeLists::kGiven) : whole_lists_(whole_lists) {}

  void put(nlohmann::json object);  // metadata.resourceVersion is given here
  void remove(const std::string& key);
  void compact() { oldest_ = version_; }
  void bookmark() { event("BOOKMARK", "", {{"metadata", {{"resourceVersion", std::to_string(++version_)}}}}); }

  // What a request gets. A 2xx answer's body is read with body().
  struct Stream {
    io::kube::Answer answer;
    std::string text;  // of a list
    bool is_watch = false;
    uint64_t from = 0;  // a watch goes on with what came after it
    bool ended = false;
  };
  Stream open(const std::string& target);
  // What there is more of the stream by now; "" when nothing is. A list ends by it.
  std::string body(Stream& stream);

  std::map<std::string, std::string> versions() const;  // key to resourceVersion
  size_t deletions(const std::string& key) const { return deletions_.contains(key) ? deletions_.at(key) : 0; }
  size_t lists = 0, watches = 0, gone = 0;  // lists: whole ones, and first pages

 private:
  struct Event {
    uint64_t version;
    std::string line;
  };
  void event(const std::string& type, const std::string& key, nlohmann::json object);
  Stream list(const std::map<std::string, std::string>& query);
  Stream watch(const std::map<std::string, std::string>& query);

  WholeLists whole_lists_;
  uint64_t version_ = 1, oldest_ = 1;
  std::map<std::string, nlohmann::json> objects_;
  std::vector<Event> history_;
  std::map<std::string, size_t> deletions_;
};

}  // namespace support
