// NodePorts of a Service: one frontend for a port and family, and where it leads for callers on this node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/node.h"
#include "plan/services.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::Protocol;
using model::TrafficPolicy;
using model::desired::Frontend;
using model::desired::ServiceSet;
using testing::ElementsAre;
using testing::IsEmpty;

struct PlanNodePorts : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, {}};
  model::Planned planned;

  void SetUp() override { planning.fold(all_synced()); }
  // With an endpoint on this node and one on another.
  void plan(const a_service& service) {
    auto v4 = a_slice("web", "v4").port(8080).endpoint("10.42.1.1").endpoint("10.42.2.1");
    auto v6 = a_slice("web", "v6", base::Family::kIpv6).port(8080).endpoint("fd00:42:1::1").endpoint("fd00:42:2::1");
    for (auto* slice : {&v4, &v6}) slice->row.endpoints[0].node_name = "n1", slice->row.endpoints[1].node_name = "n2";
    planning.fold({service, v4, v6});
    planned = plan::services::plan("default/web", planning.snapshot());
  }
  template <class Row>
  std::vector<Row> all() const {
    std::vector<Row> rows;
    for (const auto& row : planned.rows)
      if (const auto* found = std::get_if<Row>(&row)) rows.push_back(*found);
    return rows;
  }
  // "FRONTEND: SET" of each.
  std::vector<std::string> frontends() const {
    std::vector<std::string> texts;
    for (const auto& row : all<Frontend>()) texts.push_back(row.key() + ": " + row.callers.name());
    return texts;
  }
  size_t backends(const std::string& set) const {
    for (const auto& row : all<ServiceSet>())
      if (row.id.name() == set) return row.backends.size();
    return SIZE_MAX;
  }
};

TEST_F(PlanNodePorts, OneFrontendForAPortAndFamilyLeadsToTheSetOfTheClusterIp) {
  plan(a_service("web").address("10.96.0.1").address("fd00:96::1").port(80).node_port(30080));

  EXPECT_THAT(frontends(),
              ElementsAre("10.96.0.1:80/TCP: default/web:80/TCP/IPv4/callers", "0.0.0.0:30080/TCP: default/web:80/TCP/IPv4/callers",
                          "[fd00:96::1]:80/TCP: default/web:80/TCP/IPv6/callers", "[::]:30080/TCP: default/web:80/TCP/IPv6/callers"));
  EXPECT_EQ(all<ServiceSet>().size(), 2u);
  EXPECT_FALSE(all<ServiceSet>()[0].external_local);
  EXPECT_THAT(planned.problems, IsEmpty());
}

TEST_F(PlanNodePorts, O2AFamilyWithoutAClusterIpHasNoNodePort) {
  plan(a_service("web").address("10.96.0.1").port(80).node_port(30080));
  EXPECT_EQ(all<Frontend>().size(), 2u);
}

TEST_F(PlanNodePorts, L8APortWithoutANumberHasNone) {
  auto service = a_service("web").address("10.96.0.1").port(80);
  service.row.type = model::ServiceType::kLoadBalancer;
  plan(service);

  EXPECT_EQ(all<Frontend>().size(), 1u);
}

TEST_F(PlanNodePorts, L4ExternalTrafficPolicyLocalLeavesCallersOnThisNodeAllEndpoints) {
  plan(a_service("web").address("10.96.0.1").port(80).node_port(30080, TrafficPolicy::kLocal));

  EXPECT_EQ(backends("default/web:80/TCP/IPv4/callers"), 2u);
  EXPECT_EQ(backends("default/web:80/TCP/IPv4/arrivals"), 1u);
  for (const auto& set : all<ServiceSet>()) EXPECT_TRUE(set.external_local);
}

TEST_F(PlanNodePorts, WithoutANodePortExternalTrafficPolicyMarksNothing) {
  auto service = a_service("web").address("10.96.0.1").port(80);
  service.row.external_traffic_policy = TrafficPolicy::kLocal;
  plan(service);

  EXPECT_FALSE(all<ServiceSet>()[0].external_local);
}

TEST_F(PlanNodePorts, T1InternalTrafficPolicyLocalHoldsForTheClusterIpAlone) {
  auto service = a_service("web").address("10.96.0.1").port(80).node_port(30080);
  service.row.internal_traffic_policy = TrafficPolicy::kLocal;
  service.row.client_ip_affinity_seconds = 60;
  plan(service);

  EXPECT_THAT(frontends(), ElementsAre("10.96.0.1:80/TCP: default/web:80/TCP/IPv4/callers",
                                       "0.0.0.0:30080/TCP: default/web:80/TCP/IPv4/external-callers"));
  EXPECT_EQ(backends("default/web:80/TCP/IPv4/callers"), 1u);
  EXPECT_EQ(backends("default/web:80/TCP/IPv4/external-callers"), 2u);
  for (const auto& set : all<ServiceSet>()) EXPECT_EQ(set.affinity_seconds, 60u);
}

TEST_F(PlanNodePorts, OneBeyondTheRangeIsAProblemAndDisturbsNothingElse) {
  plan(a_service("web").address("10.96.0.1").port(80).node_port(29999).port(81, Protocol::kUdp, "dns").node_port(30081));

  EXPECT_EQ(all<Frontend>().size(), 3u);
  ASSERT_EQ(planned.problems.size(), 1u);
  EXPECT_EQ(planned.problems[0].text, "its nodePort 29999 is not served: nodePort.range is 30000 to 32767");
}

TEST_F(PlanNodePorts, TheRangeIsConfiguredAndPartOfTheProgramsGeneration) {
  const auto usual = plan::program_generation(planning.snapshot());
  model::Config config;
  config.node_ports = {20000, 20100};
  planning.fold({model::put(config)});
  plan(a_service("web").address("10.96.0.1").port(80).node_port(20100).port(81).node_port(30081));

  EXPECT_THAT(frontends(),
              ElementsAre("10.96.0.1:80/TCP: default/web:80/TCP/IPv4/callers", "0.0.0.0:20100/TCP: default/web:80/TCP/IPv4/callers",
                          "10.96.0.1:81/TCP: default/web:81/TCP/IPv4/callers"));
  EXPECT_EQ(planned.problems.size(), 1u);
  EXPECT_EQ(plan::datapath_config_of(planning.snapshot()).last_node_port, 20100);
  EXPECT_NE(plan::program_generation(planning.snapshot()), usual);
}

}  // namespace
