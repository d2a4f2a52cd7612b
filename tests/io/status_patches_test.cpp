#include "io/kube/status_patches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>

namespace {

using io::kube::Answer;
using model::desired::StatusPatch;
using testing::HasSubstr;

constexpr base::Millis kPatience{20'000};

// An API server: answers as it was told to, else 200, and tells the test of each request.
struct Server {
  struct Request {
    std::string target, content_type, body;
    base::BootTime at{};
  };
  base::Mailbox<Request> requests;
  base::Mailbox<Answer> answers;
  base::Mailbox<bool> stopped;

  std::vector<Request> seen;
  Request next() {
    if (seen.empty()) seen = requests.take(base::boot_now() + kPatience);
    if (seen.empty()) return {};
    Request first = seen.front();
    seen.erase(seen.begin());
    return first;
  }
};

class FakeConnection : public io::kube::Connection {
 public:
  FakeConnection(Server& server, bool hangs) : server_(server), hangs_(hangs) {}
  base::Result<Answer> get(const std::string&, base::Millis, const io::kube::BodySink&) override { return Answer{200, "", "", {}}; }
  base::Result<Answer> patch(const std::string& target, const std::string& content_type, const std::string& body) override {
    server_.requests.push({target, content_type, body, base::boot_now()});
    if (hangs_) {
      if (!is_stopped_) server_.stopped.take(std::nullopt);
      return base::Error{ECANCELED, "stopped"};
    }
    for (auto& answer : server_.answers.take(base::boot_now())) told_.push_back(std::move(answer));
    if (told_.empty()) return Answer{200, "", "", {}};
    Answer answer = told_.front();
    told_.pop_front();
    return answer;
  }
  void stop() override {
    is_stopped_ = true;
    server_.stopped.push(true);
  }

 private:
  Server& server_;
  bool hangs_;
  std::atomic<bool> is_stopped_ = false;
  std::deque<Answer> told_;
};

struct IoStatusPatches : testing::Test {
  Server server;
  base::Mailbox<model::Fact> facts;
  std::deque<model::Change> told_;  // and not yet looked at
  std::optional<io::kube::StatusPatches> store;

  void start(bool hangs = false) {
    store.emplace([this, hangs] { return std::make_unique<FakeConnection>(server, hangs); },
                  [this](model::Fact fact) { facts.push(fact); });
  }
  void put(const StatusPatch& row) {
    auto answer = store->put(row, nullptr);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, io::kUnderWay);
  }
  // The next word of the server that is its last.
  io::Conclusion<StatusPatch> conclusion() {
    for (;;) {
      auto ended = store->concluded();
      if (!ended.empty()) return ended.front();
      (void)facts.take(base::boot_now() + kPatience);
    }
  }
  static StatusPatch patch(const std::string& status) { return {"v1", "Node", "nodes", "", "n1", status}; }
  // The next Problem row that is told; null: it was taken back.
  std::shared_ptr<const model::Problem> problem() {
    const auto until = base::boot_now() + kPatience;
    while (told_.empty() && base::boot_now() < until)
      for (auto& fact : facts.take(until))
        for (auto& change : std::get<model::Changes>(fact)) told_.push_back(std::move(change));
    if (told_.empty()) return nullptr;
    auto first = std::get<model::RowChange<model::Problem>>(told_.front()).row;
    told_.pop_front();
    return first;
  }
};

TEST_F(IoStatusPatches, AStatusIsPatchedAtItsSubresourceWithTheTime) {
  start();
  put(patch(std::string(R"({"at":")") + model::desired::kTimeOfWrite + R"("})"));

  auto request = server.next();
  EXPECT_EQ(request.target, "/api/v1/nodes/n1/status");
  EXPECT_EQ(request.content_type, "application/strategic-merge-patch+json");
  EXPECT_THAT(request.body, testing::MatchesRegex(R"(\{"status":\{"at":"20..-..-..T..:..:..Z"\}\})"));

  put({"example.org/v1", "Thing", "things", "ns", "t", "{}"});
  EXPECT_EQ(server.next().target, "/apis/example.org/v1/namespaces/ns/things/t/status");
}

TEST_F(IoStatusPatches, WhatTheServerTookAndWhatItRefusedAreConclusions) {
  server.answers.push({200, "", "", {}});
  server.answers.push({422, "Invalid", "why not", {}});
  start();
  put(patch("1"));
  auto taken = conclusion();
  EXPECT_TRUE(taken.result.ok());
  EXPECT_EQ(taken.row, patch("1"));

  put(patch("2"));
  auto refused = conclusion();
  EXPECT_FALSE(refused.result.ok());
  EXPECT_EQ(refused.row, patch("2"));
}

TEST_F(IoStatusPatches, AConflictOrABusyServerIsTriedAgainWithWhatIsWantedThen) {
  server.answers.push({409, "Conflict", "", {}});
  server.answers.push({429, "TooManyRequests", "", base::Millis(300)});
  start();
  put(patch(R"("old")"));
  EXPECT_THAT(server.next().body, HasSubstr("old"));
  auto busy = server.next();
  EXPECT_THAT(busy.body, HasSubstr("old"));

  put(patch(R"("new")"));
  auto last = server.next();
  EXPECT_THAT(last.body, HasSubstr("new"));
  EXPECT_GE(last.at - busy.at, base::Millis(300));  // as the server asked
}

TEST_F(IoStatusPatches, AnObjectThatIsGoneOrARefusedStatusIsAProblemAndNotTriedAgain) {
  for (int status : {404, 422}) {
    server.answers.push({status, "Reason", "why not", {}});
    if (!store) start();
    put(patch("1"));
    auto said = problem();
    ASSERT_TRUE(said);
    EXPECT_EQ(said->subject, "Node n1");
    EXPECT_THAT(said->text, HasSubstr("why not"));
    (void)server.next();

    put(patch("2"));
    EXPECT_THAT(server.next().body, HasSubstr("2"));
    EXPECT_FALSE(problem());
  }
}

TEST_F(IoStatusPatches, AMissingRightIsNamedWithTheManifestThatGivesIt) {
  server.answers.push({403, "Forbidden", "nodes n1 is forbidden", {}});
  start();
  put(patch("1"));

  auto said = problem();
  ASSERT_TRUE(said);
  EXPECT_THAT(said->text, HasSubstr("verb patch on nodes/status"));
  EXPECT_THAT(said->remedy, HasSubstr("machineconfig/manifests/rbac.yaml"));
  ASSERT_TRUE(store->remove(patch("1")));
  EXPECT_FALSE(problem());
}

TEST_F(IoStatusPatches, AServerThatHangsHoldsUpNeitherWishesNorTheEnd) {
  start(true);
  put(patch("1"));
  (void)server.next();

  put(patch("2"));
  store.reset();
}

}  // namespace
