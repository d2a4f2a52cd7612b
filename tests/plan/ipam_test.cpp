#include "plan/ipam.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;

model::Identity node_one() {
  model::Identity identity;
  identity.node_name = "n1";
  return identity;
}

struct Ipam : testing::Test {
  engine::Planning planning{node_one(), plan::features()};

  void SetUp() override { planning.fold(all_synced()); }
  void fold(const model::Change& change) { planning.fold({change}); }
  void run() {
    planning.run(now, [](const auto&, auto) {});
  }
  void end(const std::string& container) {
    fold(model::gone<model::Sandbox>(container + "/eth0"));
    run();
  }
  base::BootTime now{0};
  std::vector<base::Ip> addresses(const std::string& container) {
    const auto* allocation = planning.snapshot().table<model::Allocation>().find(container + "/eth0");
    return allocation && !allocation->freed ? allocation->addresses : std::vector<base::Ip>{};
  }
};

TEST_F(Ipam, ASandboxGetsOneAddressPerFamilyFromTheNodesCidrs) {
  fold(a_node("n1", {"10.42.1.0/24", "fd00:42::/64"}, {}));
  fold(the_sandbox(a_sandbox("a")));
  run();

  ASSERT_EQ(addresses("a").size(), 2u);
  EXPECT_TRUE(cidr("10.42.1.0/24").contains(addresses("a")[0]));
  EXPECT_TRUE(cidr("fd00:42::/64").contains(addresses("a")[1]));
}

TEST_F(Ipam, EveryAddressButTheFirstTheLastAndTheNodesOwnIsGivenOnceAndThenNoMore) {
  fold(a_node("n1", {"10.42.1.0/28"}, {"10.42.1.5"}));
  for (int i = 0; i < 14; ++i) fold(the_sandbox(a_sandbox("c" + std::to_string(i))));
  run();

  std::set<base::Ip> given;
  int without = 0;
  for (int i = 0; i < 14; ++i) {
    auto found = addresses("c" + std::to_string(i));
    if (found.empty()) ++without;
    for (const auto& ip : found) EXPECT_TRUE(given.insert(ip).second) << base::to_string(ip);
  }
  EXPECT_EQ(given.size(), 13u);
  EXPECT_EQ(without, 1);
  EXPECT_FALSE(given.contains(ip("10.42.1.0")) || given.contains(ip("10.42.1.15")) || given.contains(ip("10.42.1.5")));
}

TEST_F(Ipam, AnAddressFreedIsGivenToTheOneThatWentWithout) {
  fold(a_node("n1", {"10.42.1.0/30"}, {}));
  for (const char* name : {"a", "b", "c"}) fold(the_sandbox(a_sandbox(name)));
  run();
  ASSERT_TRUE(addresses("c").empty());

  fold(model::gone<model::Sandbox>("a/eth0"));
  run();
  fold(the_sandbox([] {
    auto again = a_sandbox("c");
    again.identity.incarnation = 2;
    return again;
  }()));
  run();

  EXPECT_EQ(addresses("c").size(), 1u);
  EXPECT_TRUE(addresses("a").empty());
}

TEST_F(Ipam, AFreedAddressRestsAndIsGivenOutAgainWhenItsTimeIsOver) {
  fold(a_node("n1", {"10.42.1.0/29"}, {}));  // six
  for (const char* name : {"a", "b", "c"}) fold(the_sandbox(a_sandbox(name)));
  run();
  const auto rested = addresses("a");
  end("a");

  now = base::BootTime{29'999};
  for (const char* name : {"d", "e", "f"}) fold(the_sandbox(a_sandbox(name)));
  run();
  for (const char* name : {"d", "e", "f"}) EXPECT_NE(addresses(name), rested) << name;

  ASSERT_EQ(planning.next_wake(), base::BootTime{30'000});
  now = base::BootTime{30'000};
  run();
  EXPECT_EQ(planning.snapshot().table<model::Allocation>().find("a/eth0"), nullptr);
  EXPECT_EQ(planning.next_wake(), std::nullopt);
  fold(the_sandbox(a_sandbox("g")));
  run();
  EXPECT_EQ(addresses("g"), rested);
}

TEST_F(Ipam, WhenNoOtherIsFreeTheOneThatRestedLongestIsGivenOut) {
  fold(a_node("n1", {"10.42.1.0/29"}, {}));
  const std::vector<std::string> names = {"a", "b", "c", "d", "e", "f"};
  for (const auto& name : names) fold(the_sandbox(a_sandbox(name)));
  run();
  std::vector<std::vector<base::Ip>> freed;
  for (const char* name : {"e", "b", "f", "a"}) {
    now += base::Millis{1'000};
    freed.push_back(addresses(name));
    end(name);
  }

  for (size_t i = 0; i < freed.size(); ++i) {
    fold(the_sandbox(a_sandbox("new" + std::to_string(i))));
    run();
    EXPECT_EQ(addresses("new" + std::to_string(i)), freed[i]) << i;
  }
  fold(the_sandbox(a_sandbox("one-too-many")));
  run();
  EXPECT_TRUE(addresses("one-too-many").empty());

  // The end of the rest takes nothing from those who got an address before it.
  now = base::BootTime{60'000};
  run();
  EXPECT_EQ(planning.snapshot().table<model::Allocation>().size(), 6u);
  EXPECT_EQ(planning.snapshot().address_owner.size(), 6u);
  end("new0");
  fold(the_sandbox(a_sandbox("last")));
  run();
  EXPECT_EQ(addresses("last"), freed[0]);
}

TEST_F(Ipam, ASandboxThatComesAgainWhileItsAddressesRestHasThemAgain) {
  fold(a_node("n1", {"10.42.1.0/24", "fd00:42::/64"}, {}));
  fold(the_sandbox(a_sandbox("a")));
  run();
  const auto before = addresses("a");
  end("a");

  fold(the_sandbox(a_sandbox("a")));
  run();

  EXPECT_EQ(addresses("a"), before);
  EXPECT_EQ(planning.next_wake(), std::nullopt);
}

TEST_F(Ipam, OneWithoutARecordHoldsWhatWasFoundAndIsGivenNothing) {
  fold(a_node("n1", {"10.42.1.0/24"}, {}));
  auto found = a_sandbox("found"), lost = a_sandbox("lost");
  found.recovered.emplace();
  found.addresses = {ip("10.42.1.9")};
  lost.recovered.emplace();
  fold(the_sandbox(found));
  fold(the_sandbox(lost));
  run();

  EXPECT_EQ(addresses("found"), found.addresses);
  EXPECT_TRUE(addresses("lost").empty());
  for (int i = 0; i < 253; ++i) fold(the_sandbox(a_sandbox("c" + std::to_string(i))));
  run();
  for (int i = 0; i < 253; ++i) EXPECT_NE(addresses("c" + std::to_string(i)), found.addresses);
}

TEST_F(Ipam, RecordedAddressesAreKeptAlsoOutsideTheCidrAndNeverGivenTwice) {
  auto recorded = a_sandbox("old");
  recorded.addresses = {ip("10.99.0.7")};
  auto twin = a_sandbox("twin");
  twin.addresses = recorded.addresses;
  fold(a_node("n1", {"10.42.1.0/24"}, {}));
  fold(the_sandbox(recorded));
  fold(the_sandbox(twin));
  run();

  EXPECT_EQ(addresses("old"), recorded.addresses);
  EXPECT_TRUE(addresses("twin").empty());
  EXPECT_NE(planning.problems().find("ipam twin/eth0"), nullptr);
}

TEST_F(Ipam, WithoutPodCidrTheSandboxSaysSoUntilTheNodeHasOne) {
  fold(the_sandbox(a_sandbox("a")));
  run();
  EXPECT_NE(planning.problems().find("ipam a/eth0"), nullptr);

  fold(a_node("n1", {"10.42.1.0/24"}, {}));
  run();

  EXPECT_EQ(addresses("a").size(), 1u);
  EXPECT_EQ(planning.problems().find("ipam a/eth0"), nullptr);
}

TEST_F(Ipam, AFamilyThatIsSwitchedOffGivesNoAddress) {
  model::Config config;
  config.ipv6 = false;
  fold(model::put("config", config));
  fold(a_node("n1", {"10.42.1.0/24", "fd00:42::/64"}, {}));
  fold(the_sandbox(a_sandbox("a")));
  run();

  EXPECT_EQ(addresses("a").size(), 1u);
}

}  // namespace
