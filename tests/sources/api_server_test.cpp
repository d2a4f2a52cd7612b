// The whole source with its threads, against servers in memory.
#include "sources/api_server.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/mailbox.h"
#include "sources/api_server/kept_state.h"
#include "support/fake_api_connection.h"
#include "support/temporary_directory.h"

namespace sources {
namespace {

using nlohmann::json;

constexpr const char* kServices = "/api/v1/services";
constexpr const char* kNodes = "/api/v1/nodes";

json an_object(const std::string& name, bool namespaced = true) {
  json object = {{"metadata", {{"name", name}}}, {"spec", {{"clusterIP", "10.96.0.9"}, {"ports", {{{"port", 80}}}}}}};
  if (namespaced) object["metadata"]["namespace"] = "default";
  return object;
}

// Folds facts as the engine does, until something holds.
class Listener {
 public:
  model::FactSink sink() {
    return [this](model::Fact fact) { mailbox_.push(std::move(fact)); };
  }
  testing::AssertionResult hears(const std::function<bool()>& enough) {
    base::BootTime until = base::boot_now() + base::Millis(20'000);
    while (!enough()) {
      if (base::boot_now() > until) return testing::AssertionFailure() << "status: " << status.text;
      for (auto& fact : mailbox_.take(until))
        for (auto& change : std::get<model::Changes>(fact)) fold(change);
    }
    return testing::AssertionSuccess();
  }
  testing::AssertionResult syncs() {
    return hears([&] { return status.synced; });
  }

  model::SourceStatus status;
  std::map<std::string, std::shared_ptr<const model::Service>> services;
  std::map<std::string, std::shared_ptr<const model::Node>> nodes;
  std::map<std::string, std::shared_ptr<const model::Problem>> problems;
  size_t gone = 0;

 private:
  void fold(const model::Change& change) {
    if (const auto* row = std::get_if<model::RowChange<model::SourceStatus>>(&change)) status = *row->row;
    if (const auto* row = std::get_if<model::RowChange<model::Service>>(&change)) keep(services, *row);
    if (const auto* row = std::get_if<model::RowChange<model::Node>>(&change)) keep(nodes, *row);
    if (const auto* row = std::get_if<model::RowChange<model::Problem>>(&change)) keep(problems, *row);
  }
  void keep(auto& rows, const auto& change) {
    gone += !change.row;
    if (change.row)
      rows[change.key] = change.row;
    else
      rows.erase(change.key);
  }

  base::Mailbox<model::Fact> mailbox_;
};

struct Scene {
  support::TemporaryDirectory state;
  support::FakeApi api;

  Scene() {
    api.with(kServices, [](auto& server) { server.put(an_object("web")); });
    api.with(kNodes, [](auto& server) { server.put(an_object("one", false)); });
  }
  std::unique_ptr<ApiServer> started(Listener& listener) {
    auto source = std::make_unique<ApiServer>(ApiServer::Setup{[this] { return api.connect(); }, "API server test", "one", state.path()},
                                              listener.sink());
    EXPECT_TRUE(source->start().ok());
    return source;
  }
};

TEST(ApiServer, TellsWhatIsThereAndThenEachChange) {
  Scene scene;
  Listener listener;
  auto source = scene.started(listener);
  ASSERT_TRUE(listener.syncs());
  EXPECT_TRUE(listener.services.contains("default/web") && listener.nodes.contains("one"));

  scene.api.with(kServices, [](auto& server) { server.put(an_object("more")); });
  EXPECT_TRUE(listener.hears([&] { return listener.services.contains("default/more"); }));
  scene.api.with(kServices, [](auto& server) { server.remove("default/web"); });
  EXPECT_TRUE(listener.hears([&] { return !listener.services.contains("default/web"); }));
}

TEST(ApiServer, AStartWithTheServerAwayStandsOnTheKeptState) {
  Scene scene;
  {
    Listener listener;
    auto source = scene.started(listener);
    ASSERT_TRUE(listener.syncs());
  }
  scene.api.go_away();
  Listener listener;
  auto source = scene.started(listener);

  ASSERT_TRUE(listener.hears([&] { return listener.status.kept; }));
  EXPECT_FALSE(listener.status.synced);
  EXPECT_TRUE(listener.services.contains("default/web") && listener.nodes.contains("one"));
  EXPECT_TRUE(listener.problems.contains("objects/kept"));

  scene.api.with(kServices, [](auto& server) { server.put(an_object("new")); });
  scene.api.with(kServices, [](auto& server) { server.remove("default/web"); });
  scene.api.come_back();
  ASSERT_TRUE(listener.syncs());
  EXPECT_TRUE(listener.hears([&] { return !listener.problems.contains("objects/kept"); }));
  EXPECT_TRUE(listener.services.contains("default/new") && !listener.services.contains("default/web"));
  EXPECT_EQ(listener.nodes.size(), 1U);
}

TEST(ApiServer, AListThatDoesNotComeWholeLeavesTheKeptStateStanding) {
  Scene scene;
  {
    Listener listener;
    auto source = scene.started(listener);
    ASSERT_TRUE(listener.syncs());
  }
  scene.api.stall(kServices);
  Listener listener;
  auto source = scene.started(listener);

  ASSERT_TRUE(listener.hears([&] { return listener.status.kept; }));
  EXPECT_TRUE(listener.services.contains("default/web"));
}

TEST(ApiServer, WhatChangedIsKeptWhileTheAgentRuns) {
  Scene scene;
  Listener listener;
  auto source = scene.started(listener);
  ASSERT_TRUE(listener.syncs());
  for (const char* name : {"first", "second"}) {
    scene.api.with(kServices, [&](auto& server) { server.put(an_object(name)); });
    auto is_kept = [&] {
      auto state = api_server::load_kept_state(scene.state.path() + "/objects");
      return state.ok() && state->rows[0].find("default/" + std::string(name));
    };
    base::BootTime until = base::boot_now() + base::Millis(20'000);
    while (!is_kept() && base::boot_now() < until) std::this_thread::yield();
    EXPECT_TRUE(is_kept()) << name << ": a killed agent must know it";
  }
}

TEST(ApiServer, AKindThatNoPlannerReadsBlocksNothing) {
  Scene scene;
  scene.api.forbid("/api/v1/pods");
  scene.api.stall("/api/v1/namespaces");
  Listener listener;
  auto source = scene.started(listener);

  EXPECT_TRUE(listener.syncs());
  EXPECT_TRUE(listener.hears([&] { return listener.problems.contains("objects/right to pods"); }));
}

TEST(ApiServer, AServerThatAnswersIsNotForestalledByTheKeptState) {
  Scene scene;
  {
    Listener listener;
    auto source = scene.started(listener);
    ASSERT_TRUE(listener.syncs());
  }
  scene.api.with(kServices, [](auto& server) { server.remove("default/web"); });
  Listener listener;
  auto source = scene.started(listener);

  ASSERT_TRUE(listener.syncs());
  EXPECT_EQ(listener.gone, 0U) << "the old Service was reported, and taken back";
  EXPECT_TRUE(listener.services.empty());
}

TEST(ApiServer, ADamagedKeptStateIsReportedAndIgnored) {
  Scene scene;
  std::ofstream(scene.state.path() + "/objects") << "{\"format\":\"ichor objects\",\"version\":1}\nrubbish";
  scene.api.go_away();
  Listener listener;
  auto source = scene.started(listener);

  ASSERT_TRUE(listener.hears([&] { return listener.problems.contains("objects/kept file"); }));
  EXPECT_FALSE(listener.status.kept);
  scene.api.come_back();
  ASSERT_TRUE(listener.syncs());
  EXPECT_TRUE(listener.hears([&] { return !listener.problems.contains("objects/kept file"); })) << "written anew";
}

TEST(ApiServer, RestartsOfTheServerCostNoFullStates) {
  Scene scene;
  Listener listener;
  auto source = scene.started(listener);
  ASSERT_TRUE(listener.syncs());

  for (int i = 0; i < 2; ++i) {
    std::string name = "during" + std::to_string(i);
    scene.api.go_away();
    scene.api.with(kServices, [&](auto& server) { server.put(an_object(name)); });
    scene.api.come_back();
    ASSERT_TRUE(listener.hears([&] { return listener.services.contains("default/" + name); }));
  }

  EXPECT_EQ(scene.api.full_states(kServices), 1U);
  EXPECT_EQ(listener.gone, 0U);
}

TEST(ApiServer, AForgottenHistoryCostsOne) {
  Scene scene;
  Listener listener;
  auto source = scene.started(listener);
  ASSERT_TRUE(listener.syncs());

  scene.api.go_away();
  scene.api.with(kServices, [](auto& server) {
    server.put(an_object("late"));
    server.compact();
  });
  scene.api.come_back();
  ASSERT_TRUE(listener.hears([&] { return listener.services.contains("default/late"); }));

  EXPECT_EQ(scene.api.full_states(kServices), 2U);
  EXPECT_EQ(scene.api.full_states(kNodes), 1U);
  EXPECT_EQ(listener.gone, 0U);
}

TEST(ApiServer, AMissingRightIsAProblemThatSaysWhatToApply) {
  Scene scene;
  scene.api.forbid("/apis/discovery.k8s.io/v1/endpointslices");
  Listener listener;
  auto source = scene.started(listener);

  ASSERT_TRUE(listener.hears([&] { return listener.problems.contains("objects/right to endpointslices.discovery.k8s.io"); }));
  const auto& problem = *listener.problems["objects/right to endpointslices.discovery.k8s.io"];
  EXPECT_NE(problem.text.find("list endpointslices.discovery.k8s.io"), std::string::npos) << problem.text;
  EXPECT_NE(problem.remedy.find("machineconfig/manifests/rbac.yaml"), std::string::npos);
  EXPECT_TRUE(listener.hears([&] { return listener.services.contains("default/web"); })) << "the others are not disturbed";
}

}  // namespace
}  // namespace sources
