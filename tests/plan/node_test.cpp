#include "plan/node.h"

#include <gtest/gtest.h>

#include "abi/services.h"
#include "engine/planning.h"
#include "plan/cni_conf.h"
#include "plan/node_condition.h"
#include "plan/pods.h"
#include "plan/programs.h"
#include "plan/routes.h"
#include "plan/sysctls.h"
#include "support/builders.h"

namespace {

using namespace support;
using namespace model::desired;

struct PlanNode : testing::Test {
  engine::Planning planning{[] {
                              model::Identity identity;
                              identity.node_name = "n1";
                              identity.program_generation = "g1";
                              return identity;
                            }(),
                            plan::features()};

  void SetUp() override {
    planning.fold(all_synced());
    fold(a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11", "fd00:42::11"}));
    fold(a_link("eth0"));
    fold(an_address("eth0", "192.168.42.11/24"));
    fold(an_address("eth0", "fd00:42::11/64"));
  }
  void fold(const model::Change& change) { planning.fold({change}); }
  void fold_config(const model::Config& config) { fold(model::put("config", config)); }
  const model::Snapshot& snapshot() { return planning.snapshot(); }
  template <class Row>
  static std::vector<Row> only(const model::Planned& planned) {
    std::vector<Row> rows;
    for (const auto& row : planned.rows)
      if (const auto* found = std::get_if<Row>(&row)) rows.push_back(*found);
    return rows;
  }
};

TEST_F(PlanNode, LinksWithTheNodesAddressesOrADefaultRouteAreUplinks) {
  fold(a_link("eth1"));
  fold(a_link("eth2"));
  fold(model::put("default", model::HostRoute{cidr("0.0.0.0/0"), ip("10.0.0.1"), "eth2", 3, 1, 254, 0}));

  EXPECT_EQ(plan::uplinks(snapshot()), (std::vector<std::string>{"eth0", "eth2"}));
}

// What KubeSpan and Tailscale make beside it: a default route in a table that only marked packets ask.
TEST_F(PlanNode, ADefaultRouteOfAnotherTableMakesNoUplink) {
  fold(a_link("vpn0", 1280));
  fold(model::put("vpn", model::HostRoute{cidr("0.0.0.0/0"), {}, "vpn0", 3, 1, 180, 0}));

  EXPECT_EQ(plan::uplinks(snapshot()), std::vector<std::string>{"eth0"});
  EXPECT_EQ(plan::pod_mtu(snapshot()), 1500u);
}

TEST_F(PlanNode, DevicesChooseUplinksByNameOrPrefix) {
  for (const char* name : {"enp1s0", "enp2s0", "bond0"}) fold(a_link(name));
  model::Config config;
  config.devices = {"enp+", "bond0"};
  fold_config(config);

  EXPECT_EQ(plan::uplinks(snapshot()), (std::vector<std::string>{"bond0", "enp1s0", "enp2s0"}));
}

TEST_F(PlanNode, PodsTakeTheSmallestMtuOfTheUplinksOrTheConfiguredOne) {
  fold(a_link("eth0", 9000));
  EXPECT_EQ(plan::pod_mtu(snapshot()), 9000u);
  model::Config config;
  config.mtu = 1400;
  fold_config(config);
  EXPECT_EQ(plan::pod_mtu(snapshot()), 1400u);
}

TEST_F(PlanNode, ForwardingComesAfterUplinksWereToldToKeepTheirDefaultRoutes) {
  auto rows = only<Sysctl>(plan::sysctls::plan("node", snapshot()));

  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].key(), "net/ipv4/ip_forward");
  EXPECT_EQ(rows[1].key(), "net/ipv6/conf/eth0/accept_ra");
  EXPECT_EQ(rows[1].only_from, "1");
  EXPECT_EQ(rows[2].key(), "net/ipv6/conf/all/forwarding");
}

TEST_F(PlanNode, ProgramsHangOnTheCgroupRootAndEveryUplink) {
  auto rows = only<Attachment>(plan::programs::plan("node", snapshot()));

  EXPECT_EQ(rows.size(), 10u);
  EXPECT_EQ(rows[8], (Attachment{Hook::kUplinkIngress, "eth0", plan::program_generation(snapshot())}));
  EXPECT_EQ(rows[9], (Attachment{Hook::kUplinkEgress, "eth0", plan::program_generation(snapshot())}));
}

TEST_F(PlanNode, NothingIsPlannedWithoutAConfiguration) {
  fold(model::gone<model::Config>("config"));
  fold(the_sandbox(a_sandbox("a")));
  size_t rows = 0;
  planning.run({}, [&](const auto&, const auto& planned) { rows += planned.size(); });

  EXPECT_EQ(rows, 0u);
}

TEST_F(PlanNode, APeersPodCidrsAreRoutedToItsAddressOfTheSameFamily) {
  fold(a_node("n2", {"10.42.2.0/24", "fd00:42:2::/64"}, {"192.168.42.12", "fd00:42::12"}));

  auto rows = only<Route>(plan::routes::plan("n2", snapshot()));

  EXPECT_EQ(rows, (std::vector<Route>{{cidr("10.42.2.0/24"), ip("192.168.42.12"), "eth0", {}, kPeerRouteMetric, RouteType::kUnicast},
                                      {cidr("fd00:42:2::/64"), ip("fd00:42::12"), "eth0", {}, kPeerRouteMetric, RouteType::kUnicast}}));
}

TEST_F(PlanNode, APeerBehindARouterIsAProblemUnlessSuchPeersAreToBeSkipped) {
  fold(a_node("n2", {"10.42.2.0/24"}, {"172.16.0.2"}));

  EXPECT_EQ(plan::routes::plan("n2", snapshot()).problems.size(), 1u);
  model::Config config;
  config.direct_routing_skip_unreachable = true;
  fold_config(config);
  EXPECT_TRUE(plan::routes::plan("n2", snapshot()).problems.empty());
}

TEST_F(PlanNode, APeerThatClaimsThisNodesPodsGetsNoRoute) {
  fold(a_node("n2", {"10.42.0.0/16"}, {"192.168.42.12"}));

  auto planned = plan::routes::plan("n2", snapshot());

  EXPECT_TRUE(planned.rows.empty());
  EXPECT_EQ(planned.problems.size(), 1u);
}

TEST_F(PlanNode, APodIsALinkTwoFiltersAndPerAddressAnEntryARouteAndANeighbour) {
  fold(the_sandbox(a_sandbox("a")));
  planning.run({}, [](const auto&, auto) {});

  auto planned = plan::pods::plan("a/eth0", snapshot());

  EXPECT_EQ(only<PodLink>(planned).size(), 1u);
  EXPECT_EQ(only<Filter>(planned).size(), 2u);
  EXPECT_EQ(only<PodEntry>(planned).size(), 2u);
  EXPECT_EQ(only<Route>(planned).size(), 2u);
  EXPECT_EQ(only<Neighbor>(planned).size(), 2u);
  EXPECT_EQ(only<SandboxRecord>(planned).size(), 1u);
  auto link = only<PodLink>(planned)[0];
  EXPECT_LT(link.name.size(), 16u);
  EXPECT_EQ(link.host_mac.bytes[0] & 3, 2);
  EXPECT_NE(link.host_mac, link.pod_mac);
}

TEST_F(PlanNode, APodOnNetkitHasNoLinkAddressesAndNoNeighbours) {
  model::Config config;
  config.pod_links = model::LinkKind::kNetkit;
  fold_config(config);
  fold(the_sandbox(a_sandbox("a")));
  planning.run({}, [](const auto&, auto) {});

  auto planned = plan::pods::plan("a/eth0", snapshot());

  EXPECT_EQ(only<PodLink>(planned).at(0).kind, model::LinkKind::kNetkit);
  EXPECT_EQ(only<PodLink>(planned).at(0).host_mac, base::Mac{});
  EXPECT_EQ(only<PodEntry>(planned).at(0).pod_mac, base::Mac{});
  EXPECT_TRUE(only<Neighbor>(planned).empty());
  EXPECT_EQ(only<Filter>(planned).size(), 2u);
  EXPECT_EQ(only<SandboxRecord>(planned).at(0).link_kind, model::LinkKind::kNetkit);
  EXPECT_TRUE(planned.notes.empty());
}

TEST_F(PlanNode, APodKeepsTheKindOfLinkThatItWasMadeWithAndSaysSo) {
  model::Config config;
  config.pod_links = model::LinkKind::kNetkit;
  fold_config(config);
  auto sandbox = a_sandbox("a");
  sandbox.link_kind = model::LinkKind::kVeth;
  fold(the_sandbox(sandbox));
  planning.run({}, [](const auto&, auto) {});

  auto planned = plan::pods::plan("a/eth0", snapshot());

  EXPECT_EQ(only<PodLink>(planned).at(0).kind, model::LinkKind::kVeth);
  EXPECT_EQ(only<Neighbor>(planned).size(), 2u);
  EXPECT_EQ(planned.notes.size(), 1u);
}

TEST_F(PlanNode, WithoutNetkitInTheKernelNewPodsGetVethAndTheKeyIsAProblem) {
  model::Identity identity;
  identity.node_name = "n1";
  identity.netkit_missing = "no such kind";
  engine::Planning without(identity, plan::features());
  without.fold(all_synced());
  auto problems_of_mode = [&] {
    auto problems = plan::programs::plan("node", without.snapshot()).problems;
    std::erase_if(problems, [](const auto& problem) { return problem.subject != "key bpf.datapathMode"; });
    return problems;
  };
  EXPECT_TRUE(problems_of_mode().empty());
  model::Config config;
  config.pod_links = model::LinkKind::kNetkit;
  without.fold({model::put("config", config)});

  auto problems = problems_of_mode();

  EXPECT_EQ(plan::new_pod_links(without.snapshot()), model::LinkKind::kVeth);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].text, "netkit is asked for, but no such kind: new pods get veth links");
}

TEST_F(PlanNode, ANewAddOfAKnownContainerMakesAnotherLink) {
  auto sandbox = a_sandbox("a");
  fold(the_sandbox(sandbox));
  planning.run({}, [](const auto&, auto) {});
  auto first = only<PodLink>(plan::pods::plan("a/eth0", snapshot()))[0].name;
  sandbox.identity.incarnation = 2;
  fold(the_sandbox(sandbox));

  EXPECT_NE(only<PodLink>(plan::pods::plan("a/eth0", snapshot()))[0].name, first);
}

TEST_F(PlanNode, APodThatKeepsAnAddressOutsideOfTheNodesRangesIsReportedAndStillServed) {
  fold(the_sandbox(a_sandbox("a")));
  planning.run({}, [](const auto&, auto) {});
  EXPECT_TRUE(plan::pods::plan("a/eth0", snapshot()).problems.empty());

  fold(a_node("n1", {"10.42.8.0/24", "fd00:42:1::/64"}, {"192.168.42.11", "fd00:42::11"}));
  fold(the_sandbox(a_sandbox("b")));
  planning.run({}, [](const auto&, auto) {});

  auto kept = plan::pods::plan("a/eth0", snapshot()), fresh = plan::pods::plan("b/eth0", snapshot());
  ASSERT_EQ(kept.problems.size(), 1u);
  EXPECT_EQ(kept.problems[0].subject, "Pod default/pod-a");
  EXPECT_NE(kept.problems[0].text.find("10.42.1."), std::string::npos);
  EXPECT_NE(kept.problems[0].text.find("10.42.8.0/24, fd00:42:1::/64"), std::string::npos);
  EXPECT_EQ(only<PodEntry>(kept).size(), 2u);
  EXPECT_TRUE(fresh.problems.empty());
  EXPECT_TRUE(cidr("10.42.8.0/24").contains(only<PodEntry>(fresh)[0].address));
}

TEST_F(PlanNode, ANetworkThatACloudCallsUnavailableIsCalledAvailableOncePodsCanBeMade) {
  auto own = a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"});
  fold(model::put("canary", model::CanaryResult{true, true, "", {}, 0}));
  EXPECT_TRUE(plan::node_condition::plan("node", snapshot()).rows.empty());
  model::Node unavailable = *std::get<model::RowChange<model::Node>>(own).row;
  unavailable.network_unavailable = true;
  fold(model::put("n1", unavailable));

  auto patches = only<StatusPatch>(plan::node_condition::plan("node", snapshot()));
  ASSERT_EQ(patches.size(), 1u);
  EXPECT_EQ(patches[0].key(), "Node..n1");
  EXPECT_NE(patches[0].status.find(R"("status":"False","type":"NetworkUnavailable")"), std::string::npos);

  fold(model::put("canary", model::CanaryResult{true, false, "", {}, 0}));
  EXPECT_TRUE(plan::node_condition::plan("node", snapshot()).rows.empty());
}

TEST_F(PlanNode, TheCniConfigurationWaitsForBothCanaries) {
  model::CanaryResult canary;
  canary.from_host = true;
  fold(model::put("canary", canary));
  EXPECT_TRUE(plan::cni_conf::plan("node", snapshot()).rows.empty());
  canary.from_pod = true;
  fold(model::put("canary", canary));

  auto files = only<File>(plan::cni_conf::plan("node", snapshot()));

  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "/etc/cni/net.d/05-ichor.conflist");
}

TEST_F(PlanNode, APodLinkOrItsRouteTouchesNothingThatIsOfTheWholeNode) {
  plan::Keys keys;
  model::HostRoute route{cidr("10.42.1.7/32"), {}, "ich0123456789ab", 0x69, 1, 254, 0};
  plan::Touched routed{model::gone<model::HostRoute>("r"), model::put("r", route)};
  model::Link link;
  link.name = "ich0123456789ab";
  plan::Touched linked{model::gone<model::Link>(link.name), model::put(link.name, link)};

  for (const auto& feature : plan::features()) {
    feature.keys_for(routed, snapshot(), keys);
    feature.keys_for(linked, snapshot(), keys);
  }

  EXPECT_TRUE(keys.empty());
}

}  // namespace
