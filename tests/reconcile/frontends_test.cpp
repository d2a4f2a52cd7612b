// Frontends and the sets they lead to: neither is ever without the other.
#include <gtest/gtest.h>

#include "reconcile/reconciler.h"
#include "support/fake_kernel.h"
#include "support/service_rows.h"

namespace {

using model::desired::Frontend;
using model::desired::Row;
using model::desired::ServiceSet;
using model::desired::SetId;
using support::a_frontend;
using support::a_set;

using Reached = std::vector<std::string>;

struct Frontends : testing::Test {
  support::FakeKernel kernel;
  base::BootTime now{1};
  std::unique_ptr<reconcile::Reconciler> reconciler = new_agent();
  reconcile::Gate gate;

  Frontends() {
    using enum model::SourceId;
    for (model::SourceId source : {kSettings, kObjects, kHost, kSandboxes, kCanary}) gate.open(source);
    kernel.services.after_write = [this] { EXPECT_EQ(kernel.services.dangling(), ""); };
  }
  std::unique_ptr<reconcile::Reconciler> new_agent() {
    auto agent = std::make_unique<reconcile::Reconciler>(kernel.stores(now));
    agent->read_actual(reconcile::Reconciler::Extent::kAll, now);
    return agent;
  }
  void want(const model::Owner& owner, std::vector<Row> rows) {
    reconciler->assert_rows(owner, std::move(rows));
    reconciler->apply(now, gate);
  }
  Reached reached(int address) const {
    auto sets = kernel.services.find(support::ip("10.96.0." + std::to_string(address)), 80, model::Protocol::kTcp);
    return sets ? kernel.services.reached(frontend_set(sets->callers)) : Reached{"no frontend"};
  }
  // From now on no moment may come in which the address leads elsewhere than to one of these.
  void only(int address, std::vector<Reached> allowed) {
    kernel.services.after_write = [this, address, allowed] {
      EXPECT_EQ(kernel.services.dangling(), "");
      EXPECT_NE(std::find(allowed.begin(), allowed.end(), reached(address)), allowed.end()) << testing::PrintToString(reached(address));
    };
  }
  static Frontend since(Frontend row, int64_t seconds) { return row.since = seconds, row; }
  static Frontend sole(Frontend row) { return row.sole = model::desired::Sole::kEverybody, row; }
  // Entries that say to whom an address refuses the ports that it has not.
  long refusing() const {
    return std::count_if(kernel.services.frontends.begin(), kernel.services.frontends.end(),
                         [](const auto& entry) { return frontend_is_address(&entry.second.first); });
  }
  static Frontend arrivals(Frontend row, int service) { return row.arrivals = support::set_id(service), row; }
};

const Reached kOne{"10.42.0.1:8080"}, kTwo{"10.42.0.2:8080"}, kNone{"no frontend"};

TEST_F(Frontends, OnePutInFrontOfALiveOneLeavesItAlone) {
  want({"services", "a"}, {a_set(1, {1}), a_frontend(5, 1)});
  only(5, {kOne});

  want({"services", "a"}, {a_set(1, {1}), a_frontend(4, 1), a_frontend(5, 1)});

  EXPECT_EQ(reached(4), kOne);
}

TEST_F(Frontends, TheFirstOfTwoGoesAloneAndTheSetWithTheLast) {
  want({"services", "a"}, {a_set(1, {1}), a_frontend(4, 1), a_frontend(5, 1)});
  only(5, {kOne});

  want({"services", "a"}, {a_set(1, {1}), a_frontend(5, 1)});
  EXPECT_EQ(reached(4), kNone);
  kernel.services.after_write = [] {};
  want({"services", "a"}, {});

  EXPECT_EQ(kernel.services.text(), "");
}

TEST_F(Frontends, ALaterOneThatTwoServicesShareGoesToTheOlderAndBothSaySo) {
  want({"services", "a"}, {a_set(1, {1}), a_frontend(1, 1), since(a_frontend(9, 1), 200)});
  only(9, {kOne, kTwo});
  want({"services", "b"}, {a_set(2, {2}), a_frontend(2, 2), since(a_frontend(9, 2), 100)});

  EXPECT_EQ(reached(9), kTwo);
  EXPECT_EQ(reached(1), kOne);
  EXPECT_EQ(reached(2), kTwo);
  model::Effects effects;
  model::Table<model::KeyProblems> conflicts;
  reconciler->report(effects, conflicts);
  const auto* conflict = conflicts.find("conflict frontends 10.96.0.9:80/TCP");
  ASSERT_TRUE(conflict);
  ASSERT_EQ(conflict->problems.size(), 2u);
  EXPECT_EQ(conflict->problems[0].subject, "services a");
  EXPECT_EQ(conflict->problems[1].subject, "services b");
}

TEST_F(Frontends, WhoeverIsTheOlderNowTheyAreNeverWithoutASet) {
  want({"services", "a"}, {a_set(1, {1}), since(a_frontend(9, 1), 100)});
  want({"services", "b"}, {a_set(2, {2}), since(a_frontend(9, 2), 200)});
  only(9, {kOne, kTwo});

  want({"services", "a"}, {a_set(1, {1}), since(a_frontend(9, 1), 300)});  // made again
  EXPECT_EQ(reached(9), kTwo);
  want({"services", "b"}, {});
  EXPECT_EQ(reached(9), kOne);
  want({"services", "b"}, {a_set(2, {2}), since(a_frontend(9, 2), 300)});  // made in the same second: the name decides
  EXPECT_EQ(reached(9), kOne);
  want({"services", "b"}, {a_set(2, {2}), since(a_frontend(9, 2), 299)});
  EXPECT_EQ(reached(9), kTwo);
  want({"services", "a"}, {});
  EXPECT_EQ(reached(9), kTwo);
}

TEST_F(Frontends, TheCanarysAddressIsNobodyElses) {
  want({"services", "a"}, {a_set(2, {2}), since(a_frontend(9, 2), 0)});
  want({"zz", ""}, {a_set(1, {1}), since(a_frontend(9, 1), Frontend::kBeforeAll)});

  EXPECT_EQ(reached(9), kOne);
}

TEST_F(Frontends, CallersAndArrivalsMayLeadToDifferentSetsAndChangeAtOnce) {
  want({"services", "a"}, {a_set(1, {1}), a_set(2, {2}), arrivals(a_frontend(9, 1), 2)});
  auto sets = kernel.services.find(support::ip("10.96.0.9"), 80, model::Protocol::kTcp);
  EXPECT_EQ(kernel.services.reached(sets->callers), kOne);
  EXPECT_EQ(kernel.services.reached(sets->arrivals), kTwo);

  kernel.services.writes.clear();
  want({"services", "a"}, {a_set(1, {1}), a_set(2, {2}), arrivals(a_frontend(9, 2), 1)});

  EXPECT_EQ(kernel.services.writes, std::vector<std::string>{"frontend"});
}

TEST_F(Frontends, ASetThatCouldNotBeLeftIsKeptUntilItIs) {
  want({"services", "a"}, {a_set(1, {1}), a_set(2, {2}), a_frontend(9, 1)});
  kernel.services.write_fails = [] { return true; };
  want({"services", "a"}, {a_set(2, {2}), a_frontend(9, 2)});
  EXPECT_EQ(reached(9), kOne);
  int writes = 0;
  kernel.services.write_fails = [&writes] { return writes++ == 0; };  // the frontend again, but not what comes after
  now += base::Millis(1000);
  reconciler->apply(now, gate);
  EXPECT_EQ(reached(9), kOne);
  EXPECT_EQ(kernel.services.hashes.size(), 2u);
  kernel.services.write_fails = [] { return false; };

  for (int i = 0; i < 3; ++i) now += base::Millis(60'000), reconciler->apply(now, gate);

  EXPECT_EQ(reached(9), kTwo);
  EXPECT_EQ(kernel.services.hashes.size(), 1u);
}

TEST_F(Frontends, OneWhoseSetDidNotFitIsAnErrorThatNamesItAndComesWithIt) {
  kernel.services.sizes.slots = 1;
  reconciler = new_agent();
  want({"services", "a"}, {a_set(1, {1, 2}), a_frontend(9, 1)});

  EXPECT_EQ(reached(9), kNone);
  auto reason = reconciler->unsettled({"services", "a"});
  ASSERT_TRUE(reason);
  EXPECT_NE(reason->find("1 slots"), std::string::npos) << *reason;
  now += base::Millis(1000);
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  now += base::Millis(1000);
  reconciler->apply(now, gate);

  EXPECT_EQ(reached(9), kOne);
}

TEST_F(Frontends, ANodePortIsNoFrontendOfTheUnspecifiedAddress) {
  Frontend port{.address = support::ip("0.0.0.0"), .port = 30080, .callers = support::set_id(1)};
  want({"services", "a"}, {a_set(1, {1}), port});

  ASSERT_EQ(kernel.services.frontends.size(), 1u);
  EXPECT_EQ(kernel.services.frontends.begin()->second.first.node_port, 1);
  reconciler = new_agent();
  kernel.services.writes.clear();
  want({"services", "a"}, {a_set(1, {1}), port});
  EXPECT_TRUE(kernel.services.writes.empty());
}

TEST_F(Frontends, TheNextAgentKeepsThemAndTakesAwayWhatNobodyWants) {
  want({"services", "a"}, {a_set(1, {1}), arrivals(a_frontend(1, 1), 1), a_frontend(5, 1)});
  want({"services", "b"}, {a_set(2, {2}), a_frontend(2, 2)});
  const std::string before = kernel.services.text();

  reconciler = new_agent();
  kernel.services.writes.clear();
  reconciler->assert_rows({"services", "a"}, {a_set(1, {1}), arrivals(a_frontend(1, 1), 1), a_frontend(5, 1)});
  want({"services", "b"}, {a_set(2, {2}), a_frontend(2, 2)});
  EXPECT_EQ(kernel.services.text(), before);
  EXPECT_TRUE(kernel.services.writes.empty());

  reconciler = new_agent();
  kernel.services.writes.clear();
  want({"services", "a"}, {a_set(1, {1}), arrivals(a_frontend(1, 1), 1), a_frontend(5, 1)});
  EXPECT_EQ(kernel.services.writes, (std::vector<std::string>{"erased frontend", "address bits", "erased hash"}));
}

TEST_F(Frontends, WhatTheNextAgentFindsRestrictedAndAloneIsKeptAndGoesAsAllElse) {
  Frontend row = sole(arrivals(a_frontend(1, 1), 1));
  row.restricted = true;
  want({"services", "a"}, {a_set(1, {1}), row});
  const std::string before = kernel.services.text();
  EXPECT_EQ(refusing(), 1);

  reconciler = new_agent();
  kernel.services.writes.clear();
  want({"services", "a"}, {a_set(1, {1}), row});
  EXPECT_EQ(kernel.services.text(), before);
  EXPECT_TRUE(kernel.services.writes.empty());
  want({"services", "a"}, {});
  EXPECT_EQ(kernel.services.text(), "");
}

TEST_F(Frontends, AnAddressRefusesOtherPortsAsLongAsAnyOfItsFrontendsSaysSo) {
  want({"services", "a"}, {a_set(1, {1}), sole(a_frontend(9, 1))});
  Frontend other = a_frontend(9, 2);
  other.port = 81;
  want({"services", "b"}, {a_set(2, {2}), other});
  EXPECT_EQ(refusing(), 1);
  want({"services", "a"}, {});
  EXPECT_EQ(refusing(), 0);
}

TEST_F(Frontends, AnAddressThatCouldNotBeWrittenIsWrittenLater) {
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  int writes = 0;
  kernel.services.write_fails = [&writes] { return writes++ == 1; };  // the frontend again, but not what comes after
  want({"services", "a"}, {a_set(1, {1}), sole(a_frontend(9, 1))});
  EXPECT_EQ(refusing(), 0);
  kernel.services.write_fails = [] { return false; };
  now += base::Millis(60'000);
  reconciler->apply(now, gate);
  EXPECT_EQ(refusing(), 1);
}

TEST_F(Frontends, OneThatLeadsToAFreeNumberIsMendedAndTheNumberNotGivenAway) {
  kernel.services.after_write = [] {};
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  auto entry = kernel.services.frontends.begin();
  entry->second.second = {77, 78};  // a damaged map
  reconciler = new_agent();

  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});

  EXPECT_EQ(reached(9), kOne);
  EXPECT_EQ(kernel.services.frontends.begin()->second.second.arrivals, 0u);
}

TEST_F(Frontends, FailingReadsAtAStartLoseNothing) {
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  only(9, {kOne});
  const std::string before = kernel.services.text();
  for (int failing = 0; failing < 12; ++failing) {
    int reads = 0;
    kernel.services.read_fails = [&] { return reads++ == failing; };
    reconciler = new_agent();
    want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
    kernel.services.read_fails = [] { return false; };
    for (int i = 0; i < 2; ++i) now += base::Millis(60'000), reconciler->apply(now, gate);
    EXPECT_EQ(kernel.services.text(), before) << failing;
  }
}

// Two names of one hash: found, as it would be with some 2^64 tries.
TEST_F(Frontends, OfTwoSetsWithOneHashTheSecondIsRefusedAndReachesNothing) {
  ServiceSet twin = a_set(2, {2});
  twin.id = SetId::of_hash(support::set_id(1).hash(), "default/twin:80/TCP/IPv4/callers");
  Frontend front = a_frontend(8, 2);
  front.callers = twin.id;
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  want({"services", "b"}, {twin, front});

  EXPECT_EQ(reached(9), kOne);
  EXPECT_EQ(reached(8), kNone);
  EXPECT_TRUE(reconciler->unsettled({"services", "b"}));

  reconciler = new_agent();
  reconciler->assert_rows({"services", "b"}, {twin, front});
  want({"services", "a"}, {a_set(1, {1}), a_frontend(9, 1)});
  EXPECT_EQ(reached(9), kOne);
  EXPECT_EQ(reached(8), kNone);

  want({"services", "a"}, {});
  for (int i = 0; i < 3; ++i) now += base::Millis(60'000), reconciler->apply(now, gate);
  EXPECT_EQ(reached(9), kNone);
  EXPECT_EQ(reached(8), kTwo);
}

}  // namespace
