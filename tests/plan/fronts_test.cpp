// Where the outside reaches a Service, and what answers there: statements of kube-proxy's behaviour by the names that our reference
// gives them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/services.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::TrafficPolicy;
using model::desired::Frontend;
using model::desired::ServiceSet;
using model::desired::Sole;
using model::desired::SourceRange;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// default/web with port 80, NodePort 30080, one endpoint on this node and two on others.
struct PlanFronts : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, {}};
  model::Planned planned;
  a_service service = a_service("web").address("10.96.0.1").port(80).node_port(30080);

  void SetUp() override {
    planning.fold(all_synced());
    service.row.type = model::ServiceType::kLoadBalancer;
    service.row.load_balancer_ingress = {ip("203.0.113.5")};
  }
  void plan(const std::vector<std::string>& nodes = {"n1", "n2", "n3"}) {
    auto v4 = a_slice("web", "v4").port(8080);
    for (const auto& node : nodes) {
      v4.endpoint("10.42." + node.substr(1) + ".1");
      v4.row.endpoints.back().node_name = node;
    }
    planning.fold({service, v4});
    planned = plan::services::plan("default/web", planning.snapshot());
  }
  template <class Row>
  std::vector<Row> all() const {
    std::vector<Row> rows;
    for (const auto& row : planned.rows)
      if (const auto* found = std::get_if<Row>(&row)) rows.push_back(*found);
    return rows;
  }
  static std::string scope_of(const model::desired::SetId& id) { return id ? id.name().substr(id.name().rfind('/') + 1) : "none"; }
  // "ADDRESS:PORT/PROTOCOL CALLERS ARRIVALS [restricted]" of each.
  std::vector<std::string> frontends() const {
    std::vector<std::string> texts;
    for (const auto& row : all<Frontend>())
      texts.push_back(row.key() + " " + scope_of(row.callers) + " " + scope_of(row.arrivals) + (row.restricted ? " restricted" : ""));
    return texts;
  }
  // "ADDRESS TO WHOM", whoever is refused the ports that no frontend has.
  std::vector<std::string> soles() const {
    std::vector<std::string> texts;
    for (const auto& row : all<Frontend>())
      texts.push_back(base::to_string(row.address) + (row.sole == Sole::kNobody    ? " nobody"
                                                      : row.sole == Sole::kOutside ? " outside"
                                                                                   : " everybody"));
    return texts;
  }
  template <class Change>
  void configure(Change change) {
    model::Config config;
    change(config);
    planning.fold({model::put(config)});
  }
  const ServiceSet* set(const std::string& scope) const {
    for (const auto& row : planned.rows)
      if (const auto* found = std::get_if<ServiceSet>(&row); found && scope_of(found->id) == scope) return found;
    return nullptr;
  }
};

TEST_F(PlanFronts, L1AnAddressOfTheBalancerAndTheNodePortLeadToAllEndpoints) {
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "203.0.113.5:80/TCP callers callers",
                                                "0.0.0.0:30080/TCP callers callers"));
  EXPECT_EQ(all<ServiceSet>().size(), 1u);
  EXPECT_EQ(set("callers")->backends.size(), 3u);
}

TEST_F(PlanFronts, L1OnlyAServiceOfThatTypeHasABalancersAddresses) {
  service.row.type = model::ServiceType::kNodePort;
  plan();
  EXPECT_EQ(all<Frontend>().size(), 2u);
}

TEST_F(PlanFronts, L1AnAddressOfAFamilyThatTheServiceHasNotIsNoFrontend) {
  service.row.load_balancer_ingress.push_back(ip("2001:db8::5"));
  plan();
  EXPECT_EQ(all<Frontend>().size(), 3u);
}

TEST_F(PlanFronts, L3AndL4ExternalTrafficPolicyLocalHoldsForArrivalsAlone) {
  service.row.external_traffic_policy = TrafficPolicy::kLocal;
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "203.0.113.5:80/TCP callers arrivals",
                                                "0.0.0.0:30080/TCP callers arrivals"));
  EXPECT_EQ(set("arrivals")->backends.size(), 1u);
  EXPECT_EQ(set("callers")->backends.size(), 3u);
}

TEST_F(PlanFronts, C4WithoutALocalEndpointArrivalsFailOtherwiseThanWithoutAny) {
  service.row.external_traffic_policy = TrafficPolicy::kLocal;
  plan({"n2"});
  EXPECT_THAT(set("arrivals")->backends, IsEmpty());
  EXPECT_TRUE(set("arrivals")->endpoints_elsewhere);
  plan({});
  EXPECT_FALSE(set("arrivals")->endpoints_elsewhere);
}

TEST_F(PlanFronts, T1BothPoliciesLocalMakeThreeSets) {
  service.row.external_traffic_policy = service.row.internal_traffic_policy = TrafficPolicy::kLocal;
  service.row.client_ip_affinity_seconds = 60;
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "203.0.113.5:80/TCP external-callers arrivals",
                                                "0.0.0.0:30080/TCP external-callers arrivals"));
  EXPECT_EQ(set("callers")->backends.size(), 1u);
  EXPECT_EQ(set("external-callers")->backends.size(), 3u);
  EXPECT_EQ(set("arrivals")->backends.size(), 1u);
  for (const auto& row : all<ServiceSet>()) EXPECT_EQ(row.affinity_seconds, 60u);
}

TEST_F(PlanFronts, L5AndN4SourceRangesHoldForTheBalancersAddressAndItsFamily) {
  service.row.restricts_sources = true;
  service.row.source_ranges = {cidr("192.0.2.0/24"), cidr("2001:db8::/32")};
  service.row.external_ips = {ip("198.51.100.9")};
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "198.51.100.9:80/TCP callers callers",
                                                "203.0.113.5:80/TCP callers callers restricted", "0.0.0.0:30080/TCP callers callers"));
  ASSERT_EQ(all<SourceRange>().size(), 1u);
  EXPECT_EQ(base::to_string(all<SourceRange>()[0].prefix), "192.0.2.0/24");
  EXPECT_EQ(all<SourceRange>()[0].set, set("callers")->id);
}

TEST_F(PlanFronts, L5RangesOfTheOtherFamilyAloneLetNobodyInAndTheRowSaysSo) {
  service.row.restricts_sources = true;
  service.row.source_ranges = {cidr("2001:db8::/32")};
  plan();
  EXPECT_THAT(frontends(), Contains("203.0.113.5:80/TCP callers callers restricted"));
  EXPECT_THAT(all<SourceRange>(), IsEmpty());
  EXPECT_THAT(planned.notes, ElementsAre(HasSubstr("no prefix of IPv4")));
}

TEST_F(PlanFronts, L8WithoutANodePortTheBalancersAddressServes) {
  service.row.ports[0].node_port = 0;
  service.row.external_traffic_policy = TrafficPolicy::kLocal;
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "203.0.113.5:80/TCP callers arrivals"));
  EXPECT_FALSE(set("callers")->external_local) << "no peer's NodePort is asked";
}

TEST_F(PlanFronts, L11ExternalAddressesServeWhateverTheType) {
  service.row.type = model::ServiceType::kClusterIp;
  service.row.ports[0].node_port = 0;
  service.row.external_ips = {ip("203.0.113.250"), ip("10.96.0.1"), ip("203.0.113.250")};
  plan();
  EXPECT_THAT(frontends(), UnorderedElementsAre("10.96.0.1:80/TCP callers none", "203.0.113.250:80/TCP callers callers"));
}

TEST_F(PlanFronts, AnAddressInBothListsIsTheBalancersWithItsRanges) {
  service.row.restricts_sources = true;
  service.row.source_ranges = {cidr("192.0.2.0/24")};
  service.row.external_ips = service.row.load_balancer_ingress;
  plan();
  EXPECT_EQ(all<Frontend>().size(), 3u);
  EXPECT_THAT(frontends(), Contains("203.0.113.5:80/TCP callers callers restricted"));
}

TEST_F(PlanFronts, I1AServiceLeftToAnotherProxyHasNoFronts) {
  service.label("service.kubernetes.io/service-proxy-name", "other");
  plan();
  EXPECT_THAT(planned.rows, IsEmpty());
}

TEST_F(PlanFronts, I1AProxyWithANameServesThoseThatNameIt) {
  configure([](model::Config& config) { config.service_proxy_name = "ichor"; });
  plan();
  EXPECT_THAT(planned.rows, IsEmpty());
  service.label("service.kubernetes.io/service-proxy-name", "ichor");
  plan();
  EXPECT_THAT(frontends(), Not(IsEmpty()));
}

// C8: nobody but the Service answers at its addresses, unless a node has one too.
TEST_F(PlanFronts, C8PortsThatAServiceHasNotAreRefusedAtItsAddresses) {
  service.row.external_ips = {ip("203.0.113.9")};
  plan();
  EXPECT_THAT(soles(), UnorderedElementsAre("10.96.0.1 everybody", "203.0.113.5 everybody", "203.0.113.9 outside", "0.0.0.0 nobody"));
  planning.fold({a_node("n2", {}, {"203.0.113.5"})});
  plan();
  EXPECT_THAT(soles(), Contains("203.0.113.5 nobody")) << "a node's own ports stay its own";
}

TEST_F(PlanFronts, ANodeThatGetsOrLosesAServicesAddressTouchesTheService) {
  service.row.external_ips = {ip("203.0.113.9")};
  plan();
  for (const char* address : {"203.0.113.5", "203.0.113.9", "10.96.0.1"}) {
    plan::Keys keys;
    plan::services::keys_for({a_node("n2", {}, {}), a_node("n2", {}, {address})}, planning.snapshot(), keys);
    EXPECT_THAT(keys, ElementsAre("default/web")) << address;
  }
}

TEST_F(PlanFronts, ClusterIPsAnswerTheOutsideWhereThatIsAskedFor) {
  configure([](model::Config& config) { config.cluster_ips_from_outside = true; });
  plan();
  EXPECT_THAT(frontends(), Contains("10.96.0.1:80/TCP callers callers"));
}

}  // namespace
