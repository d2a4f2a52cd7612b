// A reflector and its rows, driven by hand against a FakeApiServer.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "sources/api_server/collection.h"
#include "sources/api_server/reflector.h"
#include "sources/decode/row_change.h"
#include "support/fake_api_server.h"

namespace sources::api_server {

inline nlohmann::json a_service_object(const std::string& name, int port) {
  return {{"kind", "Service"},
          {"metadata", {{"name", name}, {"namespace", "default"}, {"managedFields", {{{"manager", "kubectl"}}}}}},
          {"spec", {{"clusterIP", "10.96.0.9"}, {"ports", {{{"port", port}}}}}}};
}

class Client {
 public:
  Client(support::FakeApiServer& server, uint64_t seed) : server_(server), reflector_(0, "one", seed) {}

  void ask() {
    Events events;
    now_ += base::Millis(10);
    request_ = reflector_.next(now_, events);
    stream_ = server_.open(request_.target);
    initial_ = request_.target.find("watch=") == std::string::npos;
    fold(std::move(events));
    if (!stream_->answer.ok()) return end(stream_->answer);
    Events agreed;
    EXPECT_TRUE(reflector_.take("", now_, agreed));
    fold(std::move(agreed));
  }
  // Delivers up to `most` bytes of what there is; a list ends when all of it has come.
  bool read(size_t most) {
    if (!stream_) ask();
    if (!stream_) return true;
    waiting_ += server_.body(*stream_);
    std::string piece = waiting_.substr(0, most);
    waiting_.erase(0, piece.size());
    Events events;
    bool more = piece.empty() || reflector_.take(piece, now_, events);
    fold(std::move(events));
    if (!more || (stream_->ended && waiting_.empty())) end(io::kube::Answer{200, "", "", {}});
    return !piece.empty();
  }
  void end(base::Result<io::kube::Answer> outcome) {
    if (!stream_) return;
    unfinished += initial_ && !complete_since_asked_;
    Events events;
    now_ += base::Millis(5);
    auto pause = reflector_.ended(outcome, now_, events);
    wait = pause.time;
    until_reachable = pause.until_reachable;
    fold(std::move(events));
    stream_.reset();
    waiting_.clear();
  }
  void settle() {
    for (int quiet = 0; quiet < 8;) quiet = read(100'000) ? 0 : quiet + 1;
  }

  std::map<std::string, std::string> versions() const {
    std::map<std::string, std::string> versions;
    for (const auto& [key, row] : collection.rows()[0]) versions[key] = decode::meta_of(row).labels.at("version");
    return versions;
  }

  Collection collection;
  std::vector<Trouble> troubles;
  std::map<std::string, size_t> reported_gone;
  size_t unfinished = 0, changes = 0;
  base::Millis wait{};
  bool until_reachable = false;
  void pass(base::Millis time) { now_ += time; }
  bool watches() const { return watches_; }
  const Request& request() const { return request_; }
  bool open() const { return stream_.has_value(); }

 private:
  void fold(Events events) {
    for (auto& event : events) {
      if (std::holds_alternative<Began>(event)) complete_since_asked_ = false;
      if (std::holds_alternative<Complete>(event)) complete_since_asked_ = true;
      if (std::holds_alternative<Watching>(event)) watches_ = true;
      if (std::holds_alternative<Unwatched>(event)) watches_ = false;
      if (auto* trouble = std::get_if<Trouble>(&event)) troubles.push_back(*trouble);
      collection.take(0, std::move(event));
    }
    for (const auto& change : collection.changes()) {
      const auto* service = std::get_if<model::RowChange<model::Service>>(&change);
      if (!service) continue;
      ++changes;
      if (service->row) continue;
      EXPECT_LE(++reported_gone[service->key], server_.deletions(service->key)) << service->key << " was not deleted so often";
    }
  }

  support::FakeApiServer& server_;
  Reflector reflector_;
  Request request_;
  std::optional<support::FakeApiServer::Stream> stream_;
  std::string waiting_;
  base::BootTime now_{1'000'000};
  bool initial_ = false, complete_since_asked_ = false, watches_ = false;
};

}  // namespace sources::api_server
