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
    model::Fact fact;
    fact.changes = std::move(changes);
    core.fold(std::move(fact));
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
    return sets ? kernel.services.reached(sets->callers) : std::vector<std::string>{"no frontend"};
  }
  std::optional<base::Result<model::SandboxReply>> reply;
  void request(const model::Change& change) {
    model::Fact fact;
    fact.changes.push_back(change);
    fact.waiter_sandbox = std::get<model::RowChange<model::Sandbox>>(change).key;
    fact.waiter = [this](base::Result<model::SandboxReply> result) { reply = std::move(result); };
    core.fold(std::move(fact));
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
  ASSERT_EQ(kernel.services.frontends.size(), size_t{kServices});
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

  model::Fact hint;
  hint.host_changed = true;
  core.fold(std::move(hint));
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

  model::Fact hint;
  hint.host_changed = true;
  core.fold(std::move(hint));
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
  model::Fact fact;
  fact.changes.push_back(a_service("a"));
  core.fold(std::move(fact));
  core.pass(base::BootTime(1));
  ASSERT_EQ(core.next_wake(), base::BootTime(100));

  core.pass(base::BootTime(100));

  EXPECT_EQ(kernel.of<model::desired::File>().at("/default/a").content, "100");
}

}  // namespace
