// Where load balancers ask about this node and what they hear: healthCheckNodePort and kube-proxy's health.
#include "plan/health_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::ServiceType;
using model::TrafficPolicy;
using model::desired::HealthCheck;
using testing::ElementsAre;
using testing::IsEmpty;

model::Endpoint an_endpoint(const std::string& address, const std::string& node) {
  model::Endpoint endpoint;
  endpoint.address = ip(address);
  endpoint.node_name = node;
  return endpoint;
}

struct PlanHealthChecks : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};
  std::map<std::string, std::vector<model::desired::Row>> rows;  // by owner
  size_t planned = 0;                                            // since the last fold, owners among health checks
  a_service web = a_service("web").address("10.96.0.1").port(80).node_port(30080, TrafficPolicy::kLocal);

  void SetUp() override {
    web.row.type = ServiceType::kLoadBalancer;
    web.row.health_check_node_port = 32100;
    fold(all_synced());
    fold({a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"}), a_link("eth0"), an_address("eth0", "192.168.42.11/24")});
  }
  void fold(const std::vector<model::Change>& changes) {
    planning.fold(changes);
    planned = 0;
    planning.run({}, [&](const model::Owner& owner, auto planned_rows) {
      planned += owner.text().starts_with("health_checks");
      rows[owner.text()] = std::move(planned_rows);
    });
  }
  void endpoints(const std::vector<model::Endpoint>& endpoints) {
    auto slice = a_slice("web", "web-1").port(8080);
    slice.row.endpoints = endpoints;
    fold({slice});
  }
  // "ADDRESS:PORT SERVICE COUNT" or "ADDRESS:PORT eligible" of each but those of other keys.
  std::vector<std::string> checks(const std::string& key = "default/web") const {
    std::vector<std::string> texts;
    auto found = rows.find("health_checks " + key);
    if (found == rows.end()) return texts;
    for (const auto& row : found->second) {
      const auto& check = std::get<HealthCheck>(row);
      texts.push_back(check.key() + (check.service.empty() ? (check.node_eligible ? " eligible" : " leaving")
                                                           : " " + check.service + " " + std::to_string(check.local_endpoints)));
    }
    return texts;
  }
};

TEST_F(PlanHealthChecks, L6OnlyALoadBalancerWithExternalTrafficPolicyLocalHasOne) {
  endpoints({an_endpoint("10.42.1.1", "n1")});
  struct Case {
    const char* name;
    std::function<void(model::Service&)> change;
  };
  const Case without[] = {
      {"NodePort", [](auto& service) { service.type = ServiceType::kNodePort; }},
      {"ClusterIP", [](auto& service) { service.type = ServiceType::kClusterIp; }},
      {"ExternalName", [](auto& service) { service.type = ServiceType::kExternalName; }},
      {"policy Cluster", [](auto& service) { service.external_traffic_policy = TrafficPolicy::kCluster; }},
      {"no port", [](auto& service) { service.health_check_node_port = 0; }},
      {"another proxy's", [](auto& service) { service.meta.labels["service.kubernetes.io/service-proxy-name"] = "other"; }},
  };
  for (const auto& [name, change] : without) {
    fold({web});
    EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 1", "[::]:32100 default/web 1")) << name;
    auto other = web;
    change(other.row);
    fold({other});
    EXPECT_THAT(checks(), IsEmpty()) << name;
  }
  fold({web});
  fold({model::gone<model::Service>("default/web")});
  EXPECT_THAT(checks(), IsEmpty());
}

TEST_F(PlanHealthChecks, L6CountsPodsOfThisNodeThatAreReadyEachOnceOverAllPortsAndFamilies) {
  fold({web});
  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 0", "[::]:32100 default/web 0"));
  auto v4 = a_slice("web", "v4").port(8080).port(8443, model::Protocol::kTcp, "tls");
  v4.row.endpoints = {an_endpoint("10.42.1.1", "n1"), an_endpoint("10.42.2.1", "n2"), an_endpoint("10.42.1.3", "n1"),
                      an_endpoint("10.42.1.4", "n1")};
  v4.row.endpoints[3].ready = false;
  auto v6 = a_slice("web", "v6", base::Family::kIpv6).port(8080);
  v6.row.endpoints = {an_endpoint("fd00:42:1::1", "n1")};
  auto again = a_slice("web", "v4-2").port(9090, model::Protocol::kTcp, "more");
  again.row.endpoints = {an_endpoint("10.42.1.1", "n1"), an_endpoint("10.42.1.3", "n1")};
  auto without_ports = a_slice("web", "v4-3");
  without_ports.row.endpoints = {an_endpoint("10.42.1.9", "n1")};

  fold({v4, v6, again, without_ports});

  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 2", "[::]:32100 default/web 2"));
}

TEST_F(PlanHealthChecks, L6ListensAtTheNodesAddressesThatNodePortAddressesLeaves) {
  fold({web, an_address("eth1", "10.9.0.1/24"), an_address("eth0", "fd00:42::11/64"), an_address("ich00112233aabb", "10.8.8.8/32")});
  model::Config config;
  config.node_port_addresses = {cidr("192.168.0.0/16"), cidr("10.0.0.0/8")};
  fold({model::put(config)});
  EXPECT_THAT(checks(), ElementsAre("[::]:32100 default/web 0", "10.9.0.1:32100 default/web 0", "192.168.42.11:32100 default/web 0"));

  fold({model::gone<model::Address>("eth1 10.9.0.1/24"), an_address("eth0", "10.9.0.2/24")});
  EXPECT_THAT(checks(), ElementsAre("[::]:32100 default/web 0", "10.9.0.2:32100 default/web 0", "192.168.42.11:32100 default/web 0"));

  config.node_port_addresses = {cidr("172.16.0.0/12"), cidr("fd00:42::/64")};
  fold({model::put(config)});
  EXPECT_THAT(checks(), ElementsAre("[fd00:42::11]:32100 default/web 0"));
}

// An address that the Node's status alone knows is translated on the way, and nobody can listen at it.
TEST_F(PlanHealthChecks, L6ListensAtNoAddressOfAnotherNodeNorOneThatNoLinkHas) {
  model::Node n1, n2;
  n1.meta.name = "n1", n2.meta.name = "n2";
  n1.internal_ips = {ip("192.168.42.11")}, n1.external_ips = {ip("203.0.113.11")};
  n2.internal_ips = {ip("192.168.42.12")};
  model::Config config;
  config.node_port_addresses = {cidr("0.0.0.0/0"), cidr("fd00::/8")};
  fold({web, model::put("n1", n1), model::put("n2", n2), model::put(config)});
  EXPECT_THAT(checks(), ElementsAre("192.168.42.11:32100 default/web 0"));
}

TEST_F(PlanHealthChecks, L6NodePortEnableHealthCheckSwitchesThemOff) {
  fold({web});
  model::Config config;
  config.health_check_node_ports = false;
  fold({model::put(config)});
  EXPECT_THAT(checks(), IsEmpty());
}

TEST_F(PlanHealthChecks, L7EndpointsThatTerminateDoNotCountThoughTheyServe) {
  fold({web});
  auto terminating = an_endpoint("10.42.1.1", "n1");
  endpoints({terminating});
  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 1", "[::]:32100 default/web 1"));
  terminating.ready = false, terminating.serving = true, terminating.terminating = true;
  endpoints({terminating});
  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 0", "[::]:32100 default/web 0"));
}

// Whoever writes the slices calls them ready then, and traffic goes to them as to any other.
TEST_F(PlanHealthChecks, L7WithPublishNotReadyAddressesTheyAreReadyByTheSlice) {
  fold({web});
  auto endpoint = an_endpoint("10.42.1.1", "n1");
  endpoint.terminating = true;
  endpoints({endpoint});
  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 1", "[::]:32100 default/web 1"));
}

TEST_F(PlanHealthChecks, L8WithoutNodePortsTheHealthCheckStays) {
  web.row.ports.back().node_port = 0;
  fold({web});
  EXPECT_THAT(checks(), ElementsAre("0.0.0.0:32100 default/web 0", "[::]:32100 default/web 0"));
}

TEST_F(PlanHealthChecks, TheOlderServiceHasThePortAndTheNodeBeforeAll) {
  web.row.meta.created = 1700000000;
  fold({web});
  EXPECT_EQ(std::get<HealthCheck>(rows.at("health_checks default/web")[0]).rank(), 1700000000);
  EXPECT_LT(std::get<HealthCheck>(rows.at("health_checks node")[0]).rank(), 0);
}

TEST_F(PlanHealthChecks, H1TheNodeAnswersAtAllItsAddresses) {
  EXPECT_THAT(checks("node"), ElementsAre("0.0.0.0:10256 eligible", "[::]:10256 eligible"));
  model::Config config;
  config.node_port_addresses = {cidr("10.0.0.0/8")};
  config.proxy_healthz = model::ListenAddress{ip("0.0.0.0"), 10300};
  fold({model::put(config)});
  EXPECT_THAT(checks("node"), ElementsAre("0.0.0.0:10300 eligible", "[::]:10300 eligible"));
  config.proxy_healthz = model::ListenAddress{ip("127.0.0.1"), 10256};
  fold({model::put(config)});
  EXPECT_THAT(checks("node"), ElementsAre("127.0.0.1:10256 eligible"));
  config.proxy_healthz.reset();
  fold({model::put(config)});
  EXPECT_THAT(checks("node"), IsEmpty());
}

TEST_F(PlanHealthChecks, H1ANodeThatIsBeingTakenAwayIsNotEligible) {
  const model::Node node = *planning.snapshot().own_node();
  auto deleted = node, tainted = node, other = node;
  deleted.being_deleted = true;
  tainted.taint_keys = {"some", "ToBeDeletedByClusterAutoscaler"};
  other.taint_keys = {"node.kubernetes.io/unschedulable"};
  for (const auto& leaving : {deleted, tainted}) {
    fold({model::put("n1", leaving)});
    EXPECT_THAT(checks("node"), ElementsAre("0.0.0.0:10256 leaving", "[::]:10256 leaving"));
    fold({model::put("n1", other)});
    EXPECT_THAT(checks("node"), ElementsAre("0.0.0.0:10256 eligible", "[::]:10256 eligible"));
  }
  fold({model::gone<model::Node>("n1")});
  EXPECT_THAT(checks("node"), ElementsAre("0.0.0.0:10256 leaving", "[::]:10256 leaving"));
}

// 10,000 other Services may change, and other Nodes beat: nothing of it is planned here.
TEST_F(PlanHealthChecks, NothingIsPlannedForWhatHasNoHealthCheck) {
  fold({web});
  auto other = a_slice("other", "other-1").port(80).endpoint("10.42.1.7");
  fold({a_service("other").address("10.96.0.2").port(80), other, a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"}),
        an_address("eth0", "192.168.42.99/24")});
  EXPECT_EQ(planned, 0u);
  endpoints({an_endpoint("10.42.1.1", "n1")});
  EXPECT_EQ(planned, 1u);
}

}  // namespace
