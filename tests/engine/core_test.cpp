#include "engine/core.h"

#include <gtest/gtest.h>

#include "plan/plan.h"
#include "support/builders.h"
#include "support/fake_kernel.h"

namespace {

using namespace support;

model::Identity node_one() {
  model::Identity identity;
  identity.node_name = "n1";
  identity.program_generation = "g1";
  return identity;
}

struct Core : testing::Test {
  support::FakeKernel kernel;
  base::BootTime now{1};
  engine::Core core{node_one(), plan::features(), kernel.stores(now), now};

  void tell(std::vector<model::Change> changes) {
    core.fold(std::move(changes));
    core.pass(now);
  }
  void start_node() {
    auto changes = all_synced();
    changes.push_back(a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"}));
    changes.push_back(a_link("eth0"));
    changes.push_back(an_address("eth0", "192.168.42.11/24"));
    tell(std::move(changes));
  }
  // What a call of the address, port 80, may reach.
  std::vector<std::string> reached(const std::string& address) const {
    auto sets = kernel.services.find(ip(address), 80, model::Protocol::kTcp);
    return sets ? kernel.services.reached(frontend_set(sets->callers)) : std::vector<std::string>{"no frontend"};
  }
  std::optional<base::Result<model::SandboxReply>> reply;
  void request(const model::Change& change) {
    core.fold(model::SandboxRequest{std::get<model::RowChange<model::Sandbox>>(change),
                                    [this](base::Result<model::SandboxReply> result) { reply = std::move(result); }});
    core.pass(now);
  }
};

TEST_F(Core, OneEndpointOfTenThousandServicesCostsOnePlannerCallAndAHandfulOfStores) {
  constexpr int kServices = 10'000;
  start_node();
  std::vector<model::Change> cluster;
  for (int i = 0; i < kServices; ++i) {
    std::string name = "s" + std::to_string(i);
    cluster.push_back(a_service(name).address("10.96." + std::to_string(i / 250) + "." + std::to_string(i % 250)).port(80));
    cluster.push_back(a_slice(name, name + "-a").port(80).endpoint("10.42.2.1").endpoint("10.42.2.2"));
  }
  tell(std::move(cluster));
  ASSERT_EQ(kernel.services.hashes.size(), size_t{kServices});
  ASSERT_EQ(kernel.services.frontends.size(), size_t{2 * kServices}) << "and each address's own entry";
  auto before = core.publish(now)->counters;
  kernel.services.writes.clear();

  tell({a_slice("s42", "s42-a").port(80).endpoint("10.42.2.1").endpoint("10.42.2.3")});

  auto after = core.publish(now)->counters;
  EXPECT_EQ(after.planner_calls - before.planner_calls, 1u);
  EXPECT_EQ(after.writes - before.writes, 1u);
  EXPECT_EQ(kernel.services.writes, (std::vector<std::string>{"backend", "slot", "slot", "handle"}));
}

TEST_F(Core, AnAddIsAnsweredWhenItsRowsAreInForceAndItsRecordIsComplete) {
  start_node();

  request(the_sandbox(a_sandbox("a")));

  ASSERT_TRUE(reply && reply->ok());
  EXPECT_EQ((*reply)->addresses.size(), 1u);
  EXPECT_EQ((*reply)->mtu, 1500u);
  const auto& records = kernel.of<model::desired::SandboxRecord>();
  ASSERT_TRUE(records.contains("a/eth0"));
  EXPECT_TRUE(records.at("a/eth0").complete);
  EXPECT_EQ(kernel.of<model::desired::Filter>().size(), 2u);
  EXPECT_TRUE(kernel.of<model::desired::Route>().contains(base::to_string(base::host_cidr((*reply)->addresses[0]))));
}

TEST_F(Core, AFailedAddIsAnsweredWithItsReasonAndLeavesNothing) {
  start_node();
  auto before = kernel.text();
  int writes = 0;
  kernel.fails = [&writes] { return ++writes == 3; };

  request(the_sandbox(a_sandbox("a")));
  kernel.fails = [] { return false; };
  for (int i = 0; i < 5; ++i) {
    now += std::chrono::seconds(40);
    core.pass(now);
    while (core.remove_slow(now)) {
    }
  }

  ASSERT_TRUE(reply && !reply->ok());
  EXPECT_NE(reply->error().text.find("told to fail"), std::string::npos);
  EXPECT_EQ(kernel.text(), before);
}

TEST_F(Core, AnAddBeforeTheNodeIsKnownIsRefused) {
  request(the_sandbox(a_sandbox("a")));

  ASSERT_TRUE(reply && !reply->ok());
  EXPECT_FALSE(core.serving().ok());
  start_node();
  EXPECT_TRUE(core.serving().ok());
}

TEST_F(Core, ADelIsAnsweredBeforeTheLinkIsTakenAway) {
  start_node();
  request(the_sandbox(a_sandbox("a")));
  reply.reset();

  request(model::gone<model::Sandbox>("a/eth0"));

  ASSERT_TRUE(reply && reply->ok());
  EXPECT_TRUE(kernel.of<model::desired::SandboxRecord>().empty());
  EXPECT_TRUE(kernel.of<model::desired::PodEntry>().empty());
  EXPECT_EQ(kernel.of<model::desired::PodLink>().size(), 1u);
  while (core.remove_slow(now)) {
  }
  EXPECT_TRUE(kernel.of<model::desired::PodLink>().empty());
}

TEST_F(Core, ALinkThatGoesByItselfBeforeItsRemovalIsNoLoss) {
  start_node();
  request(the_sandbox(a_sandbox("a")));
  request(model::gone<model::Sandbox>("a/eth0"));
  kernel.of<model::desired::PodLink>().clear();

  core.fold(model::HostChanged{});
  now = *core.next_wake();
  core.pass(now);
  while (core.remove_slow(now)) {
  }

  EXPECT_TRUE(kernel.of<model::desired::PodLink>().empty());
  EXPECT_TRUE(kernel.of<model::desired::Filter>().empty());
}

TEST_F(Core, ADelOfAnUnknownSandboxSucceeds) {
  start_node();
  request(model::gone<model::Sandbox>("nobody/eth0"));

  EXPECT_TRUE(reply && reply->ok());
}

TEST_F(Core, TwoServicesOfOneAddressAreAProblemOfBoth) {
  start_node();
  tell({a_service("b").address("10.96.0.1").port(80), a_slice("b", "b1").port(80).endpoint("10.42.2.2")});
  tell({a_service("a").address("10.96.0.1").port(80), a_slice("a", "a1").port(80).endpoint("10.42.2.1")});

  auto published = core.publish(now);
  EXPECT_EQ(reached("10.96.0.1"), (std::vector<std::string>{"10.42.2.1:80"}));
  ASSERT_EQ(published->conflicts.size(), 1u);
  EXPECT_EQ((*published->conflicts.begin()).second->problems[0].subject, "services default/b");
  EXPECT_EQ((*published->conflicts.begin()).second->problems[1].subject, "services default/a");
}

TEST_F(Core, ARowThatDriftedIsPutRightAtAHint) {
  start_node();
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  ASSERT_EQ(kernel.of<model::desired::Route>().size(), 2u);
  kernel.of<model::desired::Route>().clear();

  core.fold(model::HostChanged{});
  ASSERT_TRUE(core.next_wake());
  now = *core.next_wake();
  core.pass(now);

  EXPECT_EQ(kernel.of<model::desired::Route>().size(), 2u);
}

TEST_F(Core, AWriteThatFailsIsTriedAgainLaterAndLater) {
  start_node();
  kernel.fails = [] { return true; };
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  base::Millis last{0};
  for (int i = 0; i < 4; ++i) {
    base::Millis delay = *core.next_wake() - now;
    EXPECT_GT(delay, last);
    last = delay;
    now += delay;
    core.pass(now);
  }
  kernel.fails = [] { return false; };
  now = *core.next_wake();
  core.pass(now);

  EXPECT_EQ(kernel.of<model::desired::Route>().size(), 2u);
}

TEST_F(Core, SinceWhenWhatPodsDependOnIsAmissIsPublished) {
  EXPECT_EQ(core.publish(now)->unprogrammed_since, std::nullopt);
  kernel.fails = [] { return true; };
  start_node();
  const auto since = now;
  EXPECT_EQ(core.publish(now)->unprogrammed_since, since);
  now += std::chrono::seconds(40);
  core.pass(now);
  EXPECT_EQ(core.publish(now)->unprogrammed_since, since);
  kernel.fails = [] { return false; };
  now += std::chrono::seconds(120);
  core.pass(now);
  EXPECT_EQ(core.publish(now)->unprogrammed_since, std::nullopt);
}

TEST_F(Core, AKindThatCannotBeReadIsNotWrittenAndIsReadAgainSoon) {
  const model::desired::Route old{
      cidr("10.42.2.0/24"), ip("192.168.42.99"), "eth0", {}, model::desired::kPeerRouteMetric, model::desired::RouteType::kUnicast};
  kernel.of<model::desired::Route>().emplace(old.key(), old);
  kernel.unreadable_kind = model::desired::Route::kKind;
  start_node();
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});

  EXPECT_EQ(kernel.of<model::desired::Route>().at(old.key()), old) << "what could not be read is left alone";
  EXPECT_EQ(core.publish(now)->problems.find("read")->problems.size(), 1u);
  kernel.unreadable_kind = "";
  ASSERT_TRUE(core.next_wake());
  EXPECT_LT(*core.next_wake() - now, base::Millis(1000));
  now = *core.next_wake();
  core.pass(now);

  EXPECT_EQ(kernel.of<model::desired::Route>().at(old.key()).gateway, ip("192.168.42.12"));
  EXPECT_FALSE(core.publish(now)->problems.find("read"));
}

TEST_F(Core, WhatIsThereIsReportedWhileWhatIsWantedFails) {
  start_node();
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  kernel.fails = [] { return true; };
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.13"})});

  auto published = core.publish(now);
  auto gateway = [](const model::desired::SharedRow& row) {
    const auto& route = std::get<std::shared_ptr<const model::desired::Route>>(row);
    return route ? base::to_string(route->gateway) : "";
  };
  for (const auto& [key, effect] : published->effects.of<model::desired::Route>()) {
    if (effect->owner.key != "n2") continue;
    EXPECT_EQ(effect->outcome.state, model::OutcomeState::kFailed);
    EXPECT_EQ(gateway(effect->there), "192.168.42.12");
    EXPECT_EQ(gateway(effect->desired), "192.168.42.13");
    return;
  }
  FAIL() << "no such route";
}

TEST_F(Core, AFailedRemovalThatMayNotBeTriedWakesNobody) {
  start_node();
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  kernel.fails = [] { return true; };
  tell({model::gone<model::Node>("n2")});
  ASSERT_LT(*core.next_wake() - now, base::Millis(1000));

  tell({model::put(model::SourceStatus{model::SourceId::kObjects, false, "away"})});

  EXPECT_GT(*core.next_wake() - now, base::Millis(60'000)) << "nothing but the next full reading";
}

TEST_F(Core, MemoryBelievesAWriteUnderWayWhenItHasEnded) {
  start_node();
  kernel.pending_kind = model::desired::Route::kKind;
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  auto state = [&] {
    for (const auto& [key, effect] : core.publish(now)->effects.of<model::desired::Route>())
      if (effect->owner.key == "n2") return effect->outcome.state;
    return model::OutcomeState::kFailed;
  };
  EXPECT_EQ(state(), model::OutcomeState::kPending);
  core.pass(now);
  EXPECT_EQ(state(), model::OutcomeState::kPending);

  kernel.conclude();
  core.pass(now);

  EXPECT_EQ(state(), model::OutcomeState::kDone);
  EXPECT_EQ(kernel.of<model::desired::Route>().size(), 2u);
}

TEST_F(Core, AWriteThatWasRefusedIsTriedAgainAndUnderWayWakesNobody) {
  start_node();
  kernel.pending_kind = model::desired::Route::kKind;
  tell({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"})});
  kernel.fails = [] { return true; };
  kernel.conclude();
  core.pass(now);
  kernel.fails = [] { return false; };
  ASSERT_LT(*core.next_wake() - now, base::Millis(1000));
  now = *core.next_wake();
  core.pass(now);
  EXPECT_GT(*core.next_wake() - now, base::Millis(60'000));

  kernel.conclude();
  core.pass(now);

  EXPECT_EQ(kernel.of<model::desired::Route>().size(), 2u);
}

model::Planned wakes(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  planned.rows.push_back(model::desired::File{"/" + key, std::to_string(snapshot.now.count())});
  if (snapshot.now < base::BootTime(100)) planned.wake_at = base::BootTime(100);
  return planned;
}
void keys_of_services(const plan::Touched& touched, const model::Snapshot&, plan::Keys& keys) {
  if (touched.is<model::Service>()) keys.insert(touched.key<model::Service>());
}

TEST(CoreWake, AKeyIsPlannedAgainWhenItAskedToBe) {
  const plan::Feature feature[] = {{"sleeper", keys_of_services, wakes}};
  support::FakeKernel kernel;
  base::BootTime now{1};
  engine::Core core(node_one(), feature, kernel.stores(now), now);
  core.fold(model::Changes{a_service("a")});
  core.pass(base::BootTime(1));
  ASSERT_EQ(core.next_wake(), base::BootTime(100));

  core.pass(base::BootTime(100));

  EXPECT_EQ(kernel.of<model::desired::File>().at("/default/a").content, "100");
}

// What the first feature derives the second one reads, in the same pass.
model::Planned derives(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (snapshot.table<model::Service>().find(key)) planned.derived.push_back(model::put("shared", model::Allocation{{ip("10.0.0.1")}, {}}));
  return planned;
}
void keys_of_allocations(const plan::Touched& touched, const model::Snapshot&, plan::Keys& keys) {
  if (touched.is<model::Allocation>()) keys.insert(touched.key<model::Allocation>());
}
model::Planned reads(const std::string& key, const model::Snapshot& snapshot) {
  model::Planned planned;
  const auto* allocation = snapshot.table<model::Allocation>().find(key);
  if (allocation) planned.rows.push_back(model::desired::File{"/" + key, base::to_string(allocation->addresses.front())});
  return planned;
}

TEST(CoreDerived, RowsAreOwnedAndGoWithTheLastWhoDerivesThem) {
  const plan::Feature features[] = {{"maker", keys_of_services, derives}, {"reader", keys_of_allocations, reads}};
  support::FakeKernel kernel;
  const base::BootTime now(1);
  engine::Core core(node_one(), features, kernel.stores(now), now);
  auto tell = [&](std::vector<model::Change> changes) {
    core.fold(std::move(changes));
    core.pass(now);
  };
  tell(all_synced());
  tell({a_service("a"), a_service("b")});
  EXPECT_EQ(kernel.of<model::desired::File>().size(), 1u);

  tell({model::gone<model::Service>("default/a")});
  EXPECT_EQ(kernel.of<model::desired::File>().size(), 1u) << "the other one derives it too";
  tell({model::gone<model::Service>("default/b")});
  EXPECT_TRUE(kernel.of<model::desired::File>().empty());
}

// A feature that came before the one whose rows it reads would plan by those of the turn before.
TEST(CoreDerived, NoFeatureReadsWhatALaterOneDerives) {
  engine::Planning planning(node_one(), plan::features());
  planning.fold(all_synced());
  planning.fold({a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"}), a_link("eth0"), an_address("eth0", "192.168.42.11/24")});
  size_t pod_links = 0;
  auto count = [&](const model::Owner&, const auto& rows) {
    for (const auto& row : rows) pod_links += std::holds_alternative<model::desired::PodLink>(row);
  };
  const base::BootTime now(1);
  planning.run(now, count);
  planning.fold({the_sandbox(a_sandbox("a"))});
  planning.run(now, count);

  EXPECT_EQ(pod_links, 1u) << "of the addresses that were derived just before";
  EXPECT_TRUE(!planning.next_wake() || *planning.next_wake() > now) << "a feature is due that has had its turn";
}

TEST(CoreDerived, ARowThatIsDerivedTwiceByOneOwnerGoesOnce) {
  engine::DerivedRows derived;
  const auto row = model::put("shared", model::Allocation{{ip("10.0.0.1")}, {}});
  EXPECT_EQ(derived.replace({"maker", "a"}, {row, row}).size(), 2u);

  auto gone = derived.replace({"maker", "a"}, {});
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_FALSE(std::get<model::RowChange<model::Allocation>>(gone[0]).row);
}

}  // namespace
