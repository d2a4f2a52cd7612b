// What is said of a kind that is not watched, and when.
#include <gtest/gtest.h>

#include "model/unwatched.h"
#include "sources/api_server/health.h"

namespace sources::api_server {
namespace {

constexpr size_t kServices = 0, kNodes = 2, kPods = 3;

class ApiServerHealth : public testing::Test {
 protected:
  ApiServerHealth() { health_.begin(now_); }

  void take(size_t kind, const Event& event) { health_.take(kind, event, now_); }
  void watch_all() {
    for (size_t kind = 0; kind < decode::kKindCount; ++kind) take(kind, Answered{}), take(kind, Watching{});
    look();
  }
  void look(int64_t seconds = 0) {
    now_ += base::Millis(seconds * 1000);
    for (auto& change : health_.changes(collection_, std::nullopt, now_)) {
      if (const auto* row = std::get_if<model::RowChange<model::SourceStatus>>(&change)) status_ = *row->row;
      const auto* row = std::get_if<model::RowChange<model::Problem>>(&change);
      if (!row) continue;
      problems_.erase(row->key);
      if (row->row) problems_[row->key] = *row->row;
    }
  }
  static std::string key_of(const std::string& name) { return model::problem_key(model::Origin::kObjects, name); }
  std::string unwatched() const {
    auto problem = problems_.find(key_of(model::kUnwatched));
    return problem == problems_.end() ? "" : problem->second.text;
  }

  base::BootTime now_{1'000'000};
  Health health_{"API server test"};
  Collection collection_;
  model::SourceStatus status_;
  std::map<std::string, model::Problem> problems_;
};

TEST_F(ApiServerHealth, AKindWithoutAWatchIsNamedAfterAMinute) {
  watch_all();
  look(1000);
  take(kNodes, Unwatched{});
  take(kNodes, Trouble{"500 InternalError: etcd", ""});
  look(59);
  EXPECT_EQ(unwatched(), "");
  EXPECT_EQ(health_.next_change(now_), now_ + base::Millis(1000));
  look(1);
  EXPECT_EQ(unwatched(), "what becomes of nodes has not been seen for more than a minute: nodes: 500 InternalError: etcd");
  EXPECT_NE(status_.text.find("not watched for more than a minute: nodes"), std::string::npos);

  take(kNodes, Answered{});
  take(kNodes, Watching{});
  look();
  EXPECT_TRUE(problems_.empty());
  EXPECT_EQ(status_.text.find("etcd"), std::string::npos) << status_.text;
}

TEST_F(ApiServerHealth, AWatchThatBreaksAtOnceAgainAndAgainIsNone) {
  watch_all();
  look(1000);
  for (int i = 0; i < 30; ++i) {
    take(kNodes, Unwatched{});
    look(3);
    take(kNodes, Watching{});
    look(i % 2);
  }
  take(kNodes, Unwatched{});
  look();
  EXPECT_NE(unwatched(), "");
}

TEST_F(ApiServerHealth, AServerThatIsAwayIsAnotherProblem) {
  watch_all();
  look(1000);
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) take(kind, Unwatched{}), take(kind, Trouble{"connection refused", "", true});
  look(61);
  EXPECT_EQ(unwatched(), "");
  EXPECT_EQ(problems_.count(key_of("away")), 1U) << "the node goes on with what it knows";

  take(kServices, Answered{});
  take(kServices, Watching{});
  look(1);
  EXPECT_EQ(problems_.count(key_of("away")), 0U);
  EXPECT_NE(unwatched().find("what becomes of endpointslices.discovery.k8s.io, nodes has not"), std::string::npos) << unwatched();
}

TEST_F(ApiServerHealth, AStartIsNoExcuseForLong) {
  take(kServices, Answered{});
  take(kServices, Watching{});
  look(59);
  EXPECT_EQ(unwatched(), "");
  look(2);
  EXPECT_NE(unwatched(), "");
}

TEST_F(ApiServerHealth, AKindThatNoPlannerReadsMayBeUnwatched) {
  watch_all();
  take(kPods, Unwatched{});
  take(kPods, Trouble{"403 Forbidden", "watch"});
  look(1000);
  EXPECT_EQ(unwatched(), "");
}

}  // namespace
}  // namespace sources::api_server
