// What load balancers hear, word for word.
#include "status/health_answers.h"

#include <gtest/gtest.h>

#include "status/readiness.h"
#include "support/published_sample.h"

namespace status {
namespace {

using model::desired::HealthCheck;

constexpr std::time_t kUtc = 1764414000;  // 2025-11-29T11:00:00Z
constexpr ProxyHealth kHealthy{true, {}};
const ProxyHealth kIll{false, base::Millis(90'000)};

HealthCheck of_service(uint32_t endpoints) { return {.address = {}, .port = 32100, .service = "shop/web", .local_endpoints = endpoints}; }
HealthCheck of_node(bool eligible) { return {.address = {}, .port = 10256, .node_eligible = eligible}; }

struct Case {
  const char* name;
  HealthCheck check;
  const char* path;
  ProxyHealth health;
  int status;
  const char* body;
};
class HealthAnswers : public testing::TestWithParam<Case> {};

TEST_P(HealthAnswers, AreKubeProxys) {
  const auto& [name, check, path, health, status, body] = GetParam();
  const auto response = health_answer(check, path, health, kUtc);
  EXPECT_EQ(response.status, status);
  EXPECT_EQ(response.body, body);
  EXPECT_EQ(response.content_type, "application/json");
  if (check.service.empty()) return;
  EXPECT_EQ(response.headers.at("X-Load-Balancing-Endpoint-Weight"), std::to_string(check.local_endpoints));
}

INSTANTIATE_TEST_SUITE_P(
    L6L7H1, HealthAnswers,
    testing::Values(
        Case{"L6Endpoints", of_service(2), "/", kHealthy, 200,
             R"({"service":{"namespace":"shop","name":"web"},"localEndpoints":2,"serviceProxyHealthy":true})"},
        Case{"L6AnyPath", of_service(2), "/any/path", kHealthy, 200,
             R"({"service":{"namespace":"shop","name":"web"},"localEndpoints":2,"serviceProxyHealthy":true})"},
        Case{"L7NoReadyEndpoint", of_service(0), "/healthz", kHealthy, 503,
             R"({"service":{"namespace":"shop","name":"web"},"localEndpoints":0,"serviceProxyHealthy":true})"},
        Case{"L6UnhealthyProxy", of_service(2), "/healthz", kIll, 503,
             R"({"service":{"namespace":"shop","name":"web"},"localEndpoints":2,"serviceProxyHealthy":false})"},
        Case{"H1Healthz", of_node(true), "/healthz", kHealthy, 200,
             R"({"lastUpdated":"2025-11-29T11:00:00Z","currentTime":"2025-11-29T11:00:00Z","nodeEligible":true,"healthy":true})"},
        Case{"H1NodeThatLeaves", of_node(false), "/healthz", kHealthy, 503,
             R"({"lastUpdated":"2025-11-29T11:00:00Z","currentTime":"2025-11-29T11:00:00Z","nodeEligible":false,"healthy":true})"},
        Case{"H1HealthzIll", of_node(true), "/healthz", kIll, 503,
             R"({"lastUpdated":"2025-11-29T10:58:30Z","currentTime":"2025-11-29T11:00:00Z","nodeEligible":true,"healthy":false})"},
        Case{"H1LivezOfANodeThatLeaves", of_node(false), "/livez", kHealthy, 200,
             R"({"lastUpdated":"2025-11-29T11:00:00Z","currentTime":"2025-11-29T11:00:00Z","healthy":true})"},
        Case{"H1LivezIll", of_node(true), "/livez", kIll, 503,
             R"({"lastUpdated":"2025-11-29T10:58:30Z","currentTime":"2025-11-29T11:00:00Z","healthy":false})"}),
    [](const auto& info) { return info.param.name; });

TEST(HealthAnswer, OtherPathsOfTheNodeAreNotThere) { EXPECT_EQ(health_answer(of_node(true), "/status", kHealthy, kUtc).status, 404); }

TEST(ProxyHealth, IsGoodUntilSomethingHasBeenAmissForAMinute) {
  auto published = support::a_quiet_node();
  const base::BootTime now = published.snapshot.now;
  EXPECT_TRUE(proxy_health(&published, true, now).healthy);
  published.unprogrammed_since = now - base::Millis(59'999);
  EXPECT_TRUE(proxy_health(&published, true, now).healthy);
  published.unprogrammed_since = now - base::Millis(60'000);
  EXPECT_FALSE(proxy_health(&published, true, now).healthy);
  EXPECT_EQ(proxy_health(&published, true, now).age, base::Millis(60'000));
}

TEST(ProxyHealth, IsGoodBeforeAnythingIsKnownAndBadWhenTheLoopHangs) {
  EXPECT_TRUE(proxy_health(nullptr, true, {}).healthy);
  auto published = support::a_quiet_node();
  const auto hung = proxy_health(&published, false, published.snapshot.now + base::Millis(20'000));
  EXPECT_FALSE(hung.healthy);
  EXPECT_EQ(hung.age, base::Millis(20'000));
}

TEST(ProxyHealth, GoesByWhatAllPodsDependOn) {
  using namespace model::desired;
  EXPECT_TRUE(is_programmed({}));  // nothing is wanted yet
  auto published = support::a_quiet_node();
  EXPECT_TRUE(is_programmed(published));
  const model::Outcome failed{model::OutcomeState::kFailed, "no", 1, {}}, pending{};
  support::put(published, Frontend{.address = support::ip("10.96.0.11"), .port = 80}, {"services", "default/one"}, failed);
  EXPECT_TRUE(is_programmed(published));  // one Service's own problem
  for (const auto& outcome : {failed, pending}) {
    auto broken = published;
    support::put(broken, Attachment{Hook::kConnect4, "/sys/fs/cgroup", "abc"}, {"programs", "node"}, outcome);
    EXPECT_FALSE(is_programmed(broken));
  }
}

}  // namespace
}  // namespace status
