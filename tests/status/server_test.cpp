#include "status/server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "io/http/client.h"
#include "support/published_sample.h"

namespace status {
namespace {

using testing::HasSubstr;

class StatusServer : public testing::Test {
 protected:
  StatusServer() : server_("127.0.0.1:0", cell_, [this] { return alive_.load(); }, use_) {
    cell_.store(std::make_shared<const model::Published>(support::a_quiet_node()));
    auto started = server_.start();
    EXPECT_TRUE(started.ok());
  }
  io::http::Response get(const std::string& target) {
    auto response = io::http::get("localhost:" + std::to_string(server_.port()), target);
    EXPECT_TRUE(response.ok()) << (response.ok() ? "" : response.error().text);
    return response.ok() ? *response : io::http::Response{};
  }

  model::PublishedCell cell_;
  std::atomic<bool> alive_{true};
  UseCache use_;
  Server server_;
};

TEST_F(StatusServer, HealthFollowsTheEnginesLoop) {
  EXPECT_EQ(get("/healthz").status, 200);

  alive_ = false;

  EXPECT_EQ(get("/healthz").status, 503);
  EXPECT_THAT(get("/readyz").body, HasSubstr("FAIL  engine"));
}

TEST_F(StatusServer, ReadinessNamesEachCheck) {
  EXPECT_EQ(get("/readyz").status, 200);

  auto published = support::a_quiet_node();
  published.snapshot.apply(model::gone<model::CanaryResult>(model::CanaryResult::key()));
  cell_.store(std::make_shared<const model::Published>(published));
  auto response = get("/readyz");

  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("ok    settings"));
  EXPECT_THAT(response.body, HasSubstr("FAIL  canary_from_pod   no connection has been tried yet"));
  EXPECT_THAT(response.body, HasSubstr("NOT READY\n"));
}

TEST_F(StatusServer, TheFormatIsChosenByTheQuery) {
  EXPECT_THAT(get("/status").body, HasSubstr("on node one: READY"));
  EXPECT_EQ(nlohmann::json::parse(get("/status?format=json").body)["ready"], true);
  EXPECT_EQ(get("/status?format=xml").status, 400);
}

TEST_F(StatusServer, TablesAreListedAndShown) {
  EXPECT_THAT(get("/tables").body, HasSubstr("service_sets"));
  EXPECT_THAT(get("/tables/nodes").body, HasSubstr("10.244.1.0/24"));
  EXPECT_EQ(nlohmann::json::parse(get("/tables/nodes?format=json").body)[1]["key"], "two");
}

TEST_F(StatusServer, AnUnknownTableIsAnsweredWithTheNearestName) {
  auto response = get("/tables/servces");

  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("did you mean services?"));
}

TEST_F(StatusServer, AnUnknownPathIsAnsweredWithWhatThereIs) {
  auto response = get("/flows");

  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("/readyz"));
}

TEST_F(StatusServer, ThePageNeedsNothingFromElsewhere) {
  auto response = get("/");

  EXPECT_THAT(response.content_type, HasSubstr("text/html"));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("http://")));
  EXPECT_THAT(response.body, testing::Not(HasSubstr("https://")));
}

TEST_F(StatusServer, AnAgentThatHasJustStartedSaysSo) {
  cell_.store(nullptr);

  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_THAT(get("/status").body, HasSubstr("just started"));
}

TEST_F(StatusServer, APortThatIsTakenIsAnErrorThatNamesIt) {
  std::string address = "127.0.0.1:" + std::to_string(server_.port());

  auto second = Server(address, cell_, [] { return true; }, use_).start();

  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().text, HasSubstr(address));
}

TEST_F(StatusServer, AServerThatStoppedAnswersNoMore) {
  server_.stop();

  auto response = io::http::get("127.0.0.1:" + std::to_string(server_.port()), "/healthz");

  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ECONNREFUSED);
}

TEST(StatusServerAddress, WhatIsNoAddressIsAnError) {
  model::PublishedCell cell;
  UseCache use;

  for (const char* address : {"nonsense", "example.org:80", "127.0.0.1:http", "127.0.0.1:70000", ":80"})
    EXPECT_FALSE(Server(address, cell, [] { return true; }, use).start().ok()) << address;
}

}  // namespace
}  // namespace status
