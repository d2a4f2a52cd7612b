// Node objects that lie about where their pods are, and those that only seem to.
#include "plan/pod_cidrs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/node.h"
#include "plan/routes.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::desired::Route;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct a_peer {
  model::Node row;
  explicit a_peer(const std::string& name, const std::vector<std::string>& pod_cidrs, const std::string& address = "192.0.2.66") {
    row.meta.name = name;
    for (const auto& text : pod_cidrs) row.pod_cidrs.push_back(cidr(text));
    row.internal_ips = {ip(address)};
  }
  a_peer& ready() { return row.ready = true, *this; }
  a_peer& created(int64_t seconds) { return row.meta.created = seconds, *this; }
  a_peer& also(const std::string& address) { return row.internal_ips.push_back(ip(address)), *this; }
  operator model::Change() const { return model::put(row.meta.name, row); }
};

struct PlanPodCidrs : testing::Test {
  engine::Planning planning{[] {
                              model::Identity identity;
                              identity.node_name = "me";
                              return identity;
                            }(),
                            plan::features()};

  void SetUp() override {
    planning.fold(all_synced());
    fold(a_node("me", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.0.2.11", "fd00::11"}));
    fold(a_peer("good", {"10.42.3.0/24"}, "192.0.2.13"));
    fold(a_link("eth0"));
    fold(an_address("eth0", "192.0.2.11/24"));
    fold(an_address("eth0", "fd00::11/64"));
    fold(a_route("0.0.0.0/0", "192.0.2.1", "eth0"));
    fold(a_service("dns").address("10.96.0.10").port(53));
  }
  void fold(const model::Change& change) { planning.fold(std::vector<model::Change>{change}); }
  model::Planned plan(const std::string& node) { return plan::routes::plan(node, planning.snapshot()); }
  std::vector<std::string> routed(const std::string& node) {
    std::vector<std::string> prefixes;
    for (const auto& row : plan(node).rows) prefixes.push_back(base::to_string(std::get<Route>(row).destination));
    return prefixes;
  }
  std::vector<std::string> problems(const std::string& node) {
    std::vector<std::string> texts;
    for (const auto& problem : plan(node).problems) texts.push_back(problem.subject + ": " + problem.text);
    return texts;
  }
};

TEST_F(PlanPodCidrs, APrefixThatNoNodeCanHaveIsReportedAndNotRouted) {
  for (const char* prefix :
       {"0.0.0.0/0",    "8.0.0.0/6",      "128.0.0.0/1", "10.0.0.0/7",  "10.42.9.5/32", "10.42.9.4/31", "127.0.0.0/8",
        "127.1.0.0/16", "169.254.7.0/24", "169.0.0.0/8", "224.0.0.0/8", "239.1.1.0/24", "0.1.0.0/16",   "255.255.255.0/24",
        "::/0",         "2000::/3",       "fd00::/8",    "fd00::1/128", "::/64",        "fe80::/64",    "ff02::/64"}) {
    fold(a_peer("evil", {prefix}).also("fd00::66"));
    EXPECT_THAT(routed("evil"), IsEmpty()) << prefix;
    EXPECT_THAT(problems("evil"), ElementsAre(HasSubstr("Node evil: its pod CIDR " + base::to_string(base::canonical(cidr(prefix))))))
        << prefix;
  }
}

TEST_F(PlanPodCidrs, WhatClustersHaveIsRouted) {
  for (const char* prefix :
       {"10.42.7.0/24", "10.244.0.0/16", "172.20.0.0/12", "11.0.0.0/8", "192.168.7.0/26", "10.200.0.0/30", "100.64.3.0/24", "8.8.8.0/24",
        "240.1.0.0/16", "fd00:42:7::/64", "2001:db8:7::/56", "2a01::/32", "fd00:42:7::/120"}) {
    fold(a_peer("n", {prefix}).also("fd00::66"));
    EXPECT_THAT(routed("n"), ElementsAre(prefix));
    EXPECT_THAT(problems("n"), IsEmpty()) << prefix;
  }
}

TEST_F(PlanPodCidrs, AddressesOfNodesGatewaysAndServicesAreNoPods) {
  const std::pair<const char*, const char*> kCases[] = {
      {"192.0.2.0/24", "contains 192.0.2.11, an address of this node"},
      {"192.0.2.8/30", "contains 192.0.2.11, an address of this node"},
      {"192.0.2.0/29", "contains 192.0.2.1, a default gateway of this node"},
      {"192.0.2.12/30", "contains 192.0.2.13, an address of Node good"},
      {"10.96.0.0/24", "contains 10.96.0.10, the clusterIP of Service default/dns"},
      {"fd00::/64", "contains fd00::11, an address of this node"},
  };
  for (const auto& [prefix, what] : kCases) {
    fold(a_peer("evil", {prefix}).also("fd00::66"));
    EXPECT_THAT(routed("evil"), IsEmpty()) << prefix;
    EXPECT_THAT(problems("evil"), ElementsAre(HasSubstr(what))) << prefix;
  }
  EXPECT_THAT(routed("good"), ElementsAre("10.42.3.0/24"));
}

TEST_F(PlanPodCidrs, TheApiServersAddressIsNoPod) {
  model::Config config;
  config.k8s_service_host = "192.0.2.100";
  fold(model::put(config));
  fold(a_peer("evil", {"192.0.2.96/27"}));

  EXPECT_THAT(routed("evil"), IsEmpty());
  EXPECT_THAT(problems("evil"), ElementsAre(HasSubstr("contains 192.0.2.100, the API server's address (k8sServiceHost)")));
}

TEST_F(PlanPodCidrs, OverlappingTheNodesOwnRangeCostsItsPodsNothing) {
  for (const char* prefix : {"10.42.1.0/24", "10.42.1.128/25", "10.42.0.0/16", "10.0.0.0/8"}) {
    fold(a_peer("evil", {prefix}).ready().created(1));
    EXPECT_THAT(routed("evil"), IsEmpty());
    EXPECT_THAT(problems("evil"), ElementsAre(HasSubstr("overlaps this node's 10.42.1.0/24")));
    EXPECT_THAT(plan::own_pod_cidrs(planning.snapshot()), ElementsAre(cidr("10.42.1.0/24"), cidr("fd00:42:1::/64")));
    EXPECT_THAT(routed("me"), ElementsAre("10.42.1.0/24", "fd00:42:1::/64"));
    EXPECT_THAT(routed("good"), ElementsAre("10.42.3.0/24"));
  }
}

TEST_F(PlanPodCidrs, OfTwoWithOnePrefixTheReadyOneIsRoutedThenTheOlderThenTheFirstByName) {
  struct Case {
    a_peer one, two;
    const char *routed, *why;
  };
  const std::vector<std::string> kPrefix = {"10.42.7.0/24"};
  const Case kCases[] = {
      {a_peer("a", kPrefix).created(1), a_peer("b", kPrefix).created(9).ready(), "b", ", which is Ready"},
      {a_peer("a", kPrefix).created(9).ready(), a_peer("b", kPrefix).created(1).ready(), "b", ", which was there before"},
      {a_peer("a", kPrefix).created(9), a_peer("b", kPrefix).created(1), "b", ", which was there before"},
      {a_peer("a", kPrefix), a_peer("b", kPrefix), "a", "; it is not routed"},
  };
  for (const auto& row : kCases) {
    fold(row.one);
    fold(row.two);
    const std::string other = row.routed == std::string("a") ? "b" : "a";
    EXPECT_THAT(routed(row.routed), ElementsAre("10.42.7.0/24"));
    EXPECT_THAT(problems(row.routed), IsEmpty());
    EXPECT_THAT(routed(other), IsEmpty());
    EXPECT_THAT(problems(other),
                ElementsAre(AllOf(HasSubstr("overlaps 10.42.7.0/24 of Node " + std::string(row.routed)), HasSubstr(row.why))));
  }
}

TEST_F(PlanPodCidrs, APrefixOfTheClustersLengthIsNotTakenAwayByAWiderOrALongerOne) {
  for (const char* prefix : {"10.42.2.0/23", "10.42.3.0/25", "10.42.3.128/26", "10.42.2.0/23"}) {
    fold(a_peer("a-evil", {prefix}).ready().created(0));
    EXPECT_THAT(routed("a-evil"), IsEmpty()) << prefix;
    EXPECT_THAT(problems("a-evil"), ElementsAre(HasSubstr("of Node good, which is as long as this node's own; it is not routed")))
        << prefix;
    EXPECT_THAT(routed("good"), ElementsAre("10.42.3.0/24")) << prefix;
  }
}

TEST_F(PlanPodCidrs, ANodeThatCameLaterTakesNoRouteAwayByAnAddress) {
  fold(a_peer("good", {"10.42.3.0/24"}, "192.0.2.13").created(1));
  fold(a_peer("evil", {"10.42.9.0/24"}, "10.42.3.7").also("192.0.2.11").created(9));

  EXPECT_THAT(routed("good"), ElementsAre("10.42.3.0/24"));
  fold(a_peer("self", {"10.42.8.0/24"}, "10.42.8.1").also("192.0.2.18"));
  EXPECT_THAT(routed("self"), ElementsAre("10.42.8.0/24")) << "its own address among its own pods, and another one to reach it by";
  EXPECT_EQ(std::get<Route>(plan("self").rows.at(0)).gateway, ip("192.0.2.18"));
}

TEST_F(PlanPodCidrs, AnAddressOfThisNodeIsNoWayToAPeer) {
  fold(a_peer("evil", {"10.42.9.0/24"}, "192.0.2.11").created(9));

  EXPECT_THAT(routed("evil"), IsEmpty());
  EXPECT_THAT(problems("evil"), ElementsAre(HasSubstr("has no IPv4 InternalIP to route 10.42.9.0/24 to")));
}

TEST_F(PlanPodCidrs, TheNodesOwnImpossiblePrefixGivesNoPodAnAddress) {
  fold(a_node("me", {"0.0.0.0/0", "fd00:42:1::/64"}, {"192.0.2.11"}));

  EXPECT_THAT(plan::own_pod_cidrs(planning.snapshot()), ElementsAre(cidr("fd00:42:1::/64")));
  EXPECT_THAT(routed("me"), ElementsAre("fd00:42:1::/64"));
  EXPECT_THAT(problems("me"), ElementsAre(HasSubstr("its pod CIDR 0.0.0.0/0 is wider than a node's pods can need; no pod gets")));
}

TEST_F(PlanPodCidrs, AnMtuThatIpv6CannotUseLeavesPodsTheirIpv4) {
  model::Config config;
  config.mtu = 1270;
  fold(model::put(config));

  EXPECT_THAT(plan::own_pod_cidrs(planning.snapshot()), ElementsAre(cidr("10.42.1.0/24")));
  EXPECT_THAT(problems("me"), ElementsAre(HasSubstr("MTU 1270 is less than IPv6 needs")));
  config.ipv6 = false;
  fold(model::put(config));
  EXPECT_THAT(problems("me"), IsEmpty());
}

TEST_F(PlanPodCidrs, AChangeTouchesThoseWhoseRangesItMeetsAndNoOther) {
  fold(a_peer("other", {"10.42.4.0/24"}));
  fold(a_peer("twin", {"10.42.3.0/24"}));
  auto touched_by = [&](const model::Change& before, const model::Change& after) {
    plan::Keys keys;
    plan::routes::keys_for({before, after}, planning.snapshot(), keys);
    return keys;
  };
  const a_peer twin("twin", {"10.42.3.0/24"}), moved("twin", {"10.42.3.0/25"}), impossible("twin", {"0.0.0.0/0"});
  a_peer heartbeat = twin;
  heartbeat.row.meta.annotations["beat"] = "2";

  EXPECT_THAT(touched_by(twin, heartbeat), ElementsAre("twin"));
  EXPECT_THAT(touched_by(twin, a_peer(twin).ready()), ElementsAre("good", "twin"));
  EXPECT_THAT(touched_by(model::gone<model::Node>("twin"), moved), ElementsAre("good", "twin"));
  EXPECT_THAT(touched_by(model::gone<model::Node>("twin"), impossible), ElementsAre("twin"));
  EXPECT_THAT(touched_by(twin, a_peer(twin).also("10.42.4.9")), ElementsAre("good", "other", "twin"));
  EXPECT_THAT(touched_by(model::gone<model::Service>("default/x"), a_service("x").address("10.42.4.9")), ElementsAre("other"));
  EXPECT_THAT(touched_by(model::gone<model::Service>("default/x"), a_service("x").address("10.96.0.9")), IsEmpty());
}

// Whoever asks for all of a large cluster gets nothing of it, and what it costs to say so is bounded by planner calls.
TEST_F(PlanPodCidrs, InAClusterOfFiveThousandOneChangePlansOneNode) {
  for (int i = 0; i < 5000; ++i)
    fold(a_peer("n" + std::to_string(i), {"10." + std::to_string(50 + i / 250) + "." + std::to_string(i % 250) + ".0/24"},
                "198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  auto drop = [](const auto&, auto) {};
  planning.run({}, drop);
  uint64_t before = planning.planner_calls();
  fold(a_peer("n77", {"10.50.77.0/24"}, "198.18.0.77").ready());
  planning.run({}, drop);
  EXPECT_LE(planning.planner_calls() - before, 2u);

  before = planning.planner_calls();
  fold(a_peer("evil", {"0.0.0.0/0"}));
  planning.run({}, drop);
  EXPECT_LE(planning.planner_calls() - before, 4u);  // its routes, addresses and what sees pods as they are
}

}  // namespace
