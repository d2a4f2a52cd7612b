#include "plan/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::desired::Route;
using model::desired::RouteType;
using testing::ElementsAre;
using testing::IsEmpty;

Route direct(const std::string& destination, const std::string& gateway) {
  return {cidr(destination), ip(gateway), "eth0", {}, model::desired::kPeerRouteMetric, RouteType::kUnicast};
}
Route unused(const std::string& destination) {
  return {cidr(destination), {}, "", {}, model::desired::kUnusedRouteMetric, RouteType::kUnreachable};
}

struct PlanRoutes : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};

  void SetUp() override {
    planning.fold(all_synced());
    fold(a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11", "fd00:42::11"}));
    fold(a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"}));
    fold(a_node("n3", {"10.42.3.0/24"}, {"192.168.42.13"}));
    fold(a_link("eth0"));
    fold(an_address("eth0", "192.168.42.11/24"));
    fold(an_address("eth0", "fd00:42::11/64"));
  }
  void fold(const model::Change& change) { planning.fold({change}); }
  model::Planned plan(const std::string& node) { return plan::routes::plan(node, planning.snapshot()); }
  std::vector<Route> routes(const std::string& node) {
    std::vector<Route> rows;
    for (const auto& row : plan(node).rows) rows.push_back(std::get<Route>(row));
    return rows;
  }
};

TEST_F(PlanRoutes, AForeignRouteThatCoversAPeersRangeIsLeftStandingAndNamed) {
  for (const char* destination : {"10.42.2.0/24", "10.42.0.0/16"}) {
    auto foreign = a_route(destination, "192.168.42.99", "eth0");
    fold(foreign);

    EXPECT_THAT(routes("n2"), IsEmpty());
    EXPECT_THAT(plan("n2").problems, IsEmpty());
    EXPECT_THAT(plan("n2").notes,
                ElementsAre(std::string("10.42.2.0/24 is left to ") + destination + " via 192.168.42.99 dev eth0 proto static"));
    fold(model::gone<model::HostRoute>(std::get<model::RowChange<model::HostRoute>>(foreign).key));
    EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.2.0/24", "192.168.42.12")));
    EXPECT_THAT(plan("n2").notes, IsEmpty());
  }
}

TEST_F(PlanRoutes, NeitherADefaultNorOwnRoutesNorOtherTablesNorTheSegmentCoverAPeer) {
  fold(a_route("0.0.0.0/0", "192.168.42.1", "eth0"));
  fold(model::put("own", model::HostRoute{cidr("10.42.2.0/24"), ip("192.168.42.12"), "eth0", 0x69, 1, 254, 0x6900}));
  fold(model::put("other", model::HostRoute{cidr("10.42.2.0/24"), ip("192.168.42.99"), "eth0", 4, 1, 100, 0}));
  fold(an_address("eth0", "10.0.0.11/8"));
  fold(a_route("10.0.0.0/8", "", "eth0"));
  fold(a_node("n2", {"10.42.2.0/24"}, {"10.0.0.12"}));

  EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.2.0/24", "10.0.0.12")));
  EXPECT_THAT(plan("n2").notes, IsEmpty());
}

TEST_F(PlanRoutes, AnotherNetworksBridgeOverAllPodsCoversAPeer) {
  fold(a_link("weave"));
  fold(an_address("weave", "10.42.1.1/16"));
  fold(a_route("10.42.0.0/16", "", "weave"));

  EXPECT_THAT(routes("n2"), IsEmpty());
  EXPECT_THAT(plan("n2").notes, ElementsAre("10.42.2.0/24 is left to 10.42.0.0/16 dev weave proto static"));
}

TEST_F(PlanRoutes, RoutesToPartsOfARangeLeaveTheRestToADirectOneUntilNothingIsLeft) {
  fold(a_route("10.42.2.0/25", "192.168.42.99", "eth0"));
  EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.2.0/24", "192.168.42.12")));
  EXPECT_THAT(plan("n2").notes, ElementsAre("10.42.2.0/24 is left in part to 10.42.2.0/25 via 192.168.42.99 dev eth0 proto static"));

  fold(a_route("10.42.2.128/26", "192.168.42.99", "eth0"));
  EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.2.0/24", "192.168.42.12")));
  fold(a_route("10.42.2.192/26", "192.168.42.99", "eth0"));
  EXPECT_THAT(routes("n2"), IsEmpty());
}

TEST_F(PlanRoutes, AForeignRouteTouchesThePeersWhoseRangesItMeetsAndNoOther) {
  auto touched_by = [&](const model::Change& route) {
    fold(route);
    const auto& key = std::get<model::RowChange<model::HostRoute>>(route).key;
    plan::Keys keys;
    plan::routes::keys_for({model::gone<model::HostRoute>(key), route}, planning.snapshot(), keys);
    return keys;
  };

  EXPECT_THAT(touched_by(a_route("10.42.2.0/24", "192.168.42.99", "eth0")), ElementsAre("n2"));
  EXPECT_THAT(touched_by(a_route("10.42.3.7/32", "192.168.42.99", "eth0")), ElementsAre("n3"));
  EXPECT_THAT(touched_by(a_route("10.42.2.0/23", "192.168.42.99", "eth0")), ElementsAre("n2", "n3"));
  EXPECT_THAT(touched_by(a_route("10.99.0.0/16", "192.168.42.99", "eth0")), IsEmpty());
}

TEST_F(PlanRoutes, APeerThatIsRegisteredAgainIsRoutedByWhatItSaysNow) {
  fold(a_node("n2", {"10.42.9.0/24"}, {"192.168.42.12"}));
  EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.9.0/24", "192.168.42.12")));
  fold(a_node("n2", {"10.42.9.0/24"}, {"192.168.42.77"}));
  EXPECT_THAT(routes("n2"), ElementsAre(direct("10.42.9.0/24", "192.168.42.77")));
  fold(model::gone<model::Node>("n2"));
  EXPECT_THAT(routes("n2"), IsEmpty());
}

TEST_F(PlanRoutes, UnusedAddressesOfTheNodesOwnRangesAreUnreachable) {
  EXPECT_THAT(routes("n1"), ElementsAre(unused("10.42.1.0/24"), unused("fd00:42:1::/64")));

  fold(a_node("n1", {"10.42.8.0/24"}, {"192.168.42.11"}));
  EXPECT_THAT(routes("n1"), ElementsAre(unused("10.42.8.0/24")));
}

TEST_F(PlanRoutes, AnotherNetworksRouteToTheNodesOwnRangeStaysInForce) {
  fold(a_route("10.42.1.0/24", "", "cni0"));  // preferred by its metric
  EXPECT_THAT(routes("n1"), ElementsAre(unused("10.42.1.0/24"), unused("fd00:42:1::/64")));

  fold(model::gone<model::HostRoute>("254 10.42.1.0/24 dev cni0 metric 0"));
  fold(a_route("10.42.0.0/16", "", "cni0"));  // shorter: ours would be preferred
  EXPECT_THAT(routes("n1"), ElementsAre(unused("fd00:42:1::/64")));
  EXPECT_THAT(plan("n1").notes, ElementsAre("10.42.1.0/24 is left to 10.42.0.0/16 dev cni0 proto static"));

  fold(model::gone<model::HostRoute>("254 10.42.0.0/16 dev cni0 metric 0"));
  fold(a_route("10.42.0.0/16", "192.168.42.1", "eth0"));  // leads out: what no pod holds would come back
  EXPECT_THAT(routes("n1"), ElementsAre(unused("10.42.1.0/24"), unused("fd00:42:1::/64")));
}

}  // namespace
