#include "plan/direct_delivery.h"

#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/node.h"
#include "plan/programs.h"
#include "support/builders.h"

namespace {

using namespace support;
using namespace model::desired;
using base::Family;
using From = Way::From;

model::Change a_default_route(const std::string& link, uint32_t table = model::kMainTable) {
  return model::put("default dev " + link, model::HostRoute{cidr("0.0.0.0/0"), ip("192.0.2.1"), link, 3, 1, table, 0});
}

struct PlanDirectDelivery : testing::Test {
  engine::Planning planning{[] {
                              model::Identity identity;
                              identity.node_name = "n1";
                              return identity;
                            }(),
                            plan::features()};

  void SetUp() override {
    planning.fold(all_synced());
    fold(a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11"}));
    fold(a_link("eth0"));
    fold(an_address("eth0", "192.168.42.11/24"));
  }
  void fold(const model::Change& change) { planning.fold({change}); }
  void fold_chain(const model::ForwardChain& chain) { fold(model::put(chain.key(), chain)); }
  model::Planned plan() { return plan::direct_delivery::plan("node", planning.snapshot()); }
  DirectDelivery row() { return std::get<DirectDelivery>(plan().rows.at(0)); }
  std::vector<Way> by_stack() {
    std::vector<Way> ways;
    for (const auto& [way, reason] : row().by_stack) ways.push_back(way);
    return ways;
  }
};

}  // namespace

TEST_F(PlanDirectDelivery, EverythingGoesDirectlyWhereNobodyElseJudges) {
  fold_chain({"inet", "filter", "forward", false, false, false});  // empty

  EXPECT_TRUE(row().by_stack.empty());
  EXPECT_EQ(row().image.by_stack, 0U);
  EXPECT_TRUE(plan().notes.empty());
}

TEST_F(PlanDirectDelivery, AForwardChainWithRulesOrADroppingPolicySendsItsFamilyByTheStack) {
  fold_chain({"ip6", "filter", "FORWARD", true, false, true});
  EXPECT_EQ(by_stack(), (std::vector<Way>{{From::kUplinks, Family::kIpv6}, {From::kPods, Family::kIpv6}}));
  fold_chain({"ip", "filter", "FORWARD", false, true, false});
  EXPECT_EQ(row().image.by_stack, 15U);
  EXPECT_EQ(plan().notes.size(), 4U);
  EXPECT_NE(plan().notes[0].find("nftables' chain ip filter FORWARD"), std::string::npos) << plan().notes[0];

  fold(model::gone<model::ForwardChain>("ip filter FORWARD"));
  fold(model::gone<model::ForwardChain>("legacy ip6 filter FORWARD"));
  fold_chain({"inet", "kube-proxy", "filter-forward", false, true, false});
  EXPECT_EQ(row().image.by_stack, 15U);
}

TEST_F(PlanDirectDelivery, ChainsThatCannotBeReadCountAsBeingInTheWay) {
  fold_chain({.family = "inet", .error = "Operation not permitted"});

  EXPECT_EQ(row().image.by_stack, 15U);
  ASSERT_EQ(plan().problems.size(), 1U);
  EXPECT_NE(plan().problems[0].text.find("Operation not permitted"), std::string::npos);

  fold(model::gone<model::ForwardChain>("unreadable"));
  EXPECT_EQ(row().image.by_stack, 0U);
  EXPECT_TRUE(plan().problems.empty());
}

TEST_F(PlanDirectDelivery, KubeProxysRulesMakeTheProgramsAskTheKernelAndAreAProblem) {
  EXPECT_EQ(row().image.flags & DELIVERY_KERNEL_TRANSLATES, 0U);
  fold(model::put(model::KubeProxyRules{"ip", "iptables"}));
  fold(model::put(model::KubeProxyRules{"ip6", "nftables"}));

  EXPECT_EQ(row().image.flags & DELIVERY_KERNEL_TRANSLATES, DELIVERY_KERNEL_TRANSLATES);
  ASSERT_EQ(plan().problems.size(), 1U);
  EXPECT_NE(plan().problems[0].text.find("ip iptables, ip6 nftables"), std::string::npos) << plan().problems[0].text;
  EXPECT_NE(plan().problems[0].remedy.find("--cleanup"), std::string::npos);

  fold(model::gone<model::KubeProxyRules>("ip iptables"));
  EXPECT_EQ(row().image.flags & DELIVERY_KERNEL_TRANSLATES, DELIVERY_KERNEL_TRANSLATES);
  fold(model::gone<model::KubeProxyRules>("ip6 nftables"));
  EXPECT_EQ(row().image.flags & DELIVERY_KERNEL_TRANSLATES, 0U);
  EXPECT_TRUE(plan().problems.empty());
}

TEST_F(PlanDirectDelivery, RulesThatCannotBeReadMayBeKubeProxys) {
  fold_chain({.family = "inet", .error = "Operation not permitted"});
  EXPECT_EQ(row().image.flags & DELIVERY_KERNEL_TRANSLATES, DELIVERY_KERNEL_TRANSLATES);
  EXPECT_EQ(plan().problems.size(), 1U) << "nobody says that they are";
}

TEST_F(PlanDirectDelivery, AStrictReversePathFilterOfAnUplinkIsTheStacksToKeep) {
  model::Link link;
  link.name = "eth0", link.ifindex = 2, link.rp_filter = 1;
  fold(model::put("eth0", link));
  EXPECT_EQ(by_stack(), (std::vector<Way>{{From::kUplinks, Family::kIpv4}}));

  link.rp_filter = 2;  // loose
  fold(model::put("eth0", link));
  EXPECT_TRUE(by_stack().empty());

  model::Link vpn;
  vpn.name = "vpn0", vpn.ifindex = 3, vpn.rp_filter = 1, vpn.type = 0xfffe;
  fold(model::put("vpn0", vpn));
  fold(a_default_route("vpn0"));
  EXPECT_TRUE(by_stack().empty()) << "what arrives without an Ethernet header takes the stack anyhow";
}

TEST_F(PlanDirectDelivery, OwnAddressesAreTheNodesAndThoseOfPodsOutsideOfItsPodCidrs) {
  fold(model::put("a/eth0", model::Allocation{{ip("10.42.1.7"), ip("fd00:42:1::7")}}));
  fold(model::put("b/eth0", model::Allocation{{ip("10.41.1.7")}}));

  EXPECT_EQ(row().own_addresses, (std::vector<base::Ip>{ip("10.41.1.7"), ip("192.168.42.11")}));
  EXPECT_EQ(row().image.flags, DELIVERY_PODS_ELSEWHERE);
  EXPECT_EQ(row().pod_cidrs, (std::vector<base::Cidr>{cidr("10.42.1.0/24"), cidr("fd00:42:1::/64")}));
}

TEST_F(PlanDirectDelivery, LinkLocalAddressesAndThoseOfPodLinksAreNotAmongThem) {
  fold(an_address("eth0", "fe80::1/64"));
  fold(an_address("ich0123456789ab", "192.0.2.7/32"));
  EXPECT_EQ(row().own_addresses, std::vector<base::Ip>{ip("192.168.42.11")});
  EXPECT_EQ(row().image.flags, 0U) << "no pod is elsewhere";

  fold(an_address("lo", "192.0.2.77/32"));
  EXPECT_EQ(row().own_addresses, (std::vector<base::Ip>{ip("192.0.2.77"), ip("192.168.42.11")}));
}

TEST_F(PlanDirectDelivery, OnlyPodsOutsideOfThePodCidrsMakeItPlanAgain) {
  auto touches = [&](const std::string& address) {
    plan::Keys keys;
    model::Change after = model::put("a/eth0", model::Allocation{{ip(address)}});
    plan::direct_delivery::keys_for({model::gone<model::Allocation>("a/eth0"), after}, planning.snapshot(), keys);
    return !keys.empty();
  };
  EXPECT_FALSE(touches("10.42.1.7"));
  EXPECT_TRUE(touches("10.41.1.7"));
}

// What KubeSpan and Tailscale make: a link without MAC, a default route in a table of its own.
TEST_F(PlanDirectDelivery, ADefaultRouteOfAnotherTableMakesNoUplink) {
  model::Link vpn;
  vpn.name = "vpn0", vpn.ifindex = 3, vpn.mtu = 1280, vpn.type = 0xfffe;
  fold(model::put("vpn0", vpn));
  fold(a_default_route("vpn0", 180));

  EXPECT_EQ(plan::uplinks(planning.snapshot()), std::vector<std::string>{"eth0"});
  EXPECT_EQ(plan::pod_mtu(planning.snapshot()), 1500U);

  fold(a_default_route("vpn0"));
  EXPECT_EQ(plan::pod_mtu(planning.snapshot()), 1280U);
  auto programs = plan::programs::plan("node", planning.snapshot());
  for (const auto& row : programs.rows)
    if (const auto* attachment = std::get_if<Attachment>(&row)) EXPECT_NE(attachment->target, "vpn0") << "it has no Ethernet header";
  ASSERT_EQ(programs.notes.size(), 1U);
  EXPECT_NE(programs.notes[0].find("vpn0"), std::string::npos);
}

TEST_F(PlanDirectDelivery, AnUplinkThatLostItsDefaultRouteStaysOneForAGrace) {
  fold(a_link("eth1", 1400));
  fold(model::put("eth1", model::LostDefaultRoute{"eth1", planning.snapshot().now}));
  EXPECT_EQ(plan::uplinks(planning.snapshot()), (std::vector<std::string>{"eth0", "eth1"}));
  EXPECT_EQ(plan::pod_mtu(planning.snapshot()), 1400U);
  EXPECT_EQ(plan::programs::plan("node", planning.snapshot()).wake_at, planning.snapshot().now + plan::kUplinkGrace);

  model::Snapshot later = planning.snapshot();
  later.now += plan::kUplinkGrace;
  EXPECT_EQ(plan::uplinks(later), std::vector<std::string>{"eth0"});
  EXPECT_EQ(plan::programs::plan("node", later).wake_at, std::nullopt);
}
