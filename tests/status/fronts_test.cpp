#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "engine/planning.h"
#include "plan/plan.h"
#include "reconcile/reconciler.h"
#include "status/answers.h"
#include "support/builders.h"
#include "support/fake_kernel.h"
#include "support/memory_service_maps.h"

namespace status {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Objects go through the planners and the real stores of Services, so that the maps are as the agent writes them.
class StatusFronts : public testing::Test {
 protected:
  StatusFronts() {
    using namespace support;
    model::Identity identity;
    identity.node_name = "n1";
    planning_.emplace(identity, plan::features());
    reconciler_.emplace(fake_.stores(now_));
    auto changes = all_synced();
    changes.push_back(a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"}));
    changes.push_back(a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12"}));
    changes.push_back(a_link("eth0"));
    changes.push_back(an_address("eth0", "192.168.42.11/24"));
    auto web =
        a_service("web").address("10.96.0.10").port(80, model::Protocol::kTcp, "http").node_port(30080, model::TrafficPolicy::kLocal);
    web.row.type = model::ServiceType::kLoadBalancer;
    web.row.load_balancer_ingress = {ip("203.0.113.5")};
    web.row.external_ips = {ip("203.0.113.9")};
    web.row.restricts_sources = true;
    web.row.source_ranges = {cidr("198.51.100.0/24")};
    changes.push_back(web);
    auto slice = a_slice("web", "web-a").port(8080, model::Protocol::kTcp, "http").endpoint("10.42.1.5").endpoint("10.42.2.6");
    slice.row.endpoints[0].node_name = "n1";
    slice.row.endpoints[1].node_name = "n2";
    changes.push_back(slice);
    auto dns = a_service("dns").address("10.96.0.53").port(53, model::Protocol::kUdp);
    dns.row.meta.ns = "kube-system";
    dns.row.client_ip_affinity_seconds = 600;
    changes.push_back(dns);
    auto of_dns = a_slice("dns", "dns-a").port(53, model::Protocol::kUdp).endpoint("10.42.2.53", false, true, true);
    of_dns.row.meta.ns = "kube-system", of_dns.row.service = "kube-system/dns";
    changes.push_back(of_dns);
    tell(std::move(changes));
    kernel_.services = [this](const std::string&) { return std::make_unique<MemoryServiceMaps>(fake_.services); };
    kernel_.longest_look = base::Millis(3'600'000);
  }
  void tell(std::vector<model::Change> changes) {
    planning_->fold(changes);
    planning_->run(now_, [this](const model::Owner& owner, auto rows) { reconciler_->assert_rows(owner, std::move(rows)); });
    reconcile::Gate gate;
    for (auto id : {model::SourceId::kSettings, model::SourceId::kObjects, model::SourceId::kHost, model::SourceId::kSandboxes,
                    model::SourceId::kCanary})
      gate.open(id);
    reconciler_->read_actual(reconcile::Reconciler::Extent::kAll, now_);
    reconciler_->apply(now_, gate);
    published_.snapshot = planning_->snapshot();
    reconciler_->report(published_.effects, published_.conflicts);
  }
  io::http::Response get(std::map<std::string, std::string> query = {}) {
    Moment moment{std::make_shared<const model::Published>(published_), true, now_, {}, &kernel_};
    return answer({"/tables/fronts", std::move(query), "", ""}, moment);
  }
  nlohmann::json rows(std::map<std::string, std::string> query = {}) {
    query["format"] = "json";
    auto response = get(std::move(query));
    EXPECT_EQ(response.status, 200) << response.body;
    return nlohmann::json::parse(response.body);
  }
  std::vector<std::string> keys(std::map<std::string, std::string> query) {
    std::vector<std::string> keys;
    for (const auto& row : rows(std::move(query))) keys.push_back(row["key"]);
    return keys;
  }
  using MemoryServiceMaps = support::MemoryServiceMaps;

  base::BootTime now_{100'000};
  support::FakeKernel fake_;
  std::optional<engine::Planning> planning_;
  std::optional<reconcile::Reconciler> reconciler_;
  model::Published published_;
  KernelMaps kernel_;
};

TEST_F(StatusFronts, EachHasItsKindPolicyAndNumberedBackends) {
  auto all = rows();
  ASSERT_EQ(all.size(), 5u) << all.dump(2);

  EXPECT_EQ(all[0], nlohmann::json::parse(R"({"key": "10.96.0.10:80/TCP", "kind": "ClusterIP", "service": "default/web:http",
    "scope": "internal", "policy": "Cluster", "affinity_seconds": 0, "source_ranges": [], "node_addresses": [],
    "backends": ["1 10.42.1.5:8080 ready", "2 10.42.2.6:8080 ready"]})"));
  EXPECT_EQ(all[1], nlohmann::json::parse(R"({"key": "10.96.0.53:53/UDP", "kind": "ClusterIP", "service": "kube-system/dns",
    "scope": "internal", "policy": "Cluster", "affinity_seconds": 600, "source_ranges": [], "node_addresses": [],
    "backends": ["1 10.42.2.53:53 terminating"]})"));
  EXPECT_EQ(all[2], nlohmann::json::parse(R"({"key": "203.0.113.5:80/TCP", "kind": "LoadBalancer", "service": "default/web:http",
    "scope": "external", "policy": "Local", "affinity_seconds": 0, "source_ranges": ["198.51.100.0/24"], "node_addresses": [],
    "backends": ["1 10.42.1.5:8080 ready", "2 10.42.2.6:8080 ready"], "backends_from_outside": ["1 10.42.1.5:8080 ready"]})"));
  EXPECT_EQ(all[3]["kind"], "ExternalIP");
  EXPECT_EQ(all[3]["source_ranges"], nlohmann::json::array());
  EXPECT_EQ(all[4], nlohmann::json::parse(R"({"key": "0.0.0.0:30080/TCP", "kind": "NodePort", "service": "default/web:http",
    "scope": "external", "policy": "Local", "affinity_seconds": 0, "source_ranges": [], "node_addresses": ["192.168.42.11"],
    "backends": ["1 10.42.1.5:8080 ready", "2 10.42.2.6:8080 ready"], "backends_from_outside": ["1 10.42.1.5:8080 ready"]})"));
}

TEST_F(StatusFronts, FiltersByOwnerAndByWhateverAddressOrPortTheRowHas) {
  EXPECT_THAT(keys({{"namespace", "kube-system"}}), ElementsAre("10.96.0.53:53/UDP"));
  EXPECT_THAT(keys({{"service", "dns"}}), ElementsAre("10.96.0.53:53/UDP"));
  EXPECT_THAT(keys({{"service", "default/dns"}}), ElementsAre());
  EXPECT_THAT(keys({{"protocol", "udp"}}), ElementsAre("10.96.0.53:53/UDP"));
  EXPECT_THAT(keys({{"address", "203.0.113.0/24"}}), ElementsAre("203.0.113.5:80/TCP", "203.0.113.9:80/TCP"));
  EXPECT_THAT(keys({{"address", "192.168.42.11"}}), ElementsAre("0.0.0.0:30080/TCP"));
  EXPECT_THAT(keys({{"address", "10.42.2.53"}}), ElementsAre("10.96.0.53:53/UDP"));
  EXPECT_THAT(keys({{"port", "30080"}}), ElementsAre("0.0.0.0:30080/TCP"));
  EXPECT_EQ(keys({{"port", "8080"}}).size(), 4u);
  EXPECT_THAT(keys({{"limit", "1"}}), ElementsAre("10.96.0.10:80/TCP"));
  EXPECT_THAT(get({{"limit", "1"}}).body, HasSubstr("\n4 more; leave some out by address=, port=, protocol=, namespace=, service=,"));
  EXPECT_EQ(get({{"state", "new"}}).status, 400);
}

TEST_F(StatusFronts, WhatNobodyKnowsIsShownAsTheKernelHasIt) {
  published_.effects = {};
  published_.snapshot = {};

  auto all = rows({{"port", "53"}});

  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["kind"], "unknown");
  EXPECT_EQ(all[0]["backends"], nlohmann::json::array({"1 10.42.2.53:53"}));
}

TEST_F(StatusFronts, TenThousandEndpointsOfManyFrontsAreBounded) {
  auto slice = support::a_slice("web", "web-b").port(8080, model::Protocol::kTcp, "http");
  for (int i = 0; i < 12'000; ++i)
    slice.endpoint("10." + std::to_string(50 + i / 60'000) + "." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
  tell({slice});

  auto all = rows();

  size_t shown = 0;
  for (const auto& row : all)
    for (const char* column : {"backends", "backends_from_outside"})
      if (row.contains(column)) shown += row[column].size();
  EXPECT_LT(shown, 20'010u);
  EXPECT_EQ(all[4]["backends"], nlohmann::json::array({"12002 more"}));
}

TEST_F(StatusFronts, MapsThatCannotBeReadAreAnError) {
  fake_.services.read_fails = [] { return true; };

  EXPECT_EQ(get().status, 500);
}

}  // namespace
}  // namespace status
