#include "plan/endpoints.h"

#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/services.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::desired::Backend;
using model::desired::ServiceSet;

constexpr const char* kZoneLabel = "topology.kubernetes.io/zone";

struct an_endpoint {
  model::Endpoint row;
  explicit an_endpoint(const std::string& address) { row.address = ip(address); }
  an_endpoint& on(const std::string& node) { return row.node_name = node, *this; }
  an_endpoint& not_ready() { return row.ready = false, row.serving = false, *this; }
  an_endpoint& terminating(bool serving = true) { return row.ready = false, row.serving = serving, row.terminating = true, *this; }
  an_endpoint& for_nodes(std::vector<std::string> names) { return row.node_hints = std::move(names), *this; }
  an_endpoint& for_zones(std::vector<std::string> names) { return row.zone_hints = std::move(names), *this; }
};

a_slice a_slice_of(const std::vector<an_endpoint>& endpoints, const std::string& name = "a", uint16_t port = 80) {
  a_slice slice("web", name);
  slice.port(port);
  for (const auto& endpoint : endpoints) slice.row.endpoints.push_back(endpoint.row);
  return slice;
}

model::Node own_node(const std::string& zone) {
  model::Node node;
  node.meta.name = "n1";
  if (!zone.empty()) node.meta.labels[kZoneLabel] = zone;
  return node;
}

struct PlanEndpoints : testing::Test {
  engine::Planning planning{[] {
                              model::Identity identity;
                              identity.node_name = "n1";
                              return identity;
                            }(),
                            {}};
  a_service service = [] {
    a_service made("web");
    made.address("10.96.0.1").port(80);
    return made;
  }();

  void SetUp() override { planning.fold(all_synced()), in_zone("z1"); }
  void in_zone(const std::string& zone) { planning.fold({model::put("n1", own_node(zone))}); }
  ServiceSet planned(const std::vector<a_slice>& slices) {
    planning.fold({service});
    for (const auto& slice : slices) planning.fold({slice});
    return std::get<ServiceSet>(plan::services::plan("default/web", planning.snapshot()).rows.back());
  }
  // Addresses that the Service leads to.
  std::vector<std::string> reached(const std::vector<an_endpoint>& endpoints) {
    std::vector<std::string> addresses;
    for (const auto& backend : planned({a_slice_of(endpoints)}).backends) addresses.push_back(base::to_string(backend.address));
    return addresses;
  }
  // Addresses that its UDP port keeps beside those that it leads to.
  std::vector<std::string> leaving(const std::vector<an_endpoint>& endpoints) {
    service.row.ports.back().protocol = model::Protocol::kUdp;
    a_slice slice = a_slice_of(endpoints);
    slice.row.ports.back().protocol = model::Protocol::kUdp;
    std::vector<std::string> addresses;
    for (const auto& backend : planned({slice}).leaving) addresses.push_back(base::to_string(backend.address));
    return addresses;
  }
  void local_only() { service.row.internal_traffic_policy = model::TrafficPolicy::kLocal; }
};

using Addresses = std::vector<std::string>;

TEST_F(PlanEndpoints, PolicyLocalLeavesThoseOfThisNode) {
  local_only();

  EXPECT_EQ(reached({an_endpoint("10.1.0.1").on("n1"), an_endpoint("10.1.0.2").on("n2"), an_endpoint("10.1.0.3")}), Addresses{"10.1.0.1"});
  EXPECT_EQ(reached({an_endpoint("10.1.0.1").on("n1").terminating(), an_endpoint("10.1.0.2").on("n2")}), Addresses{"10.1.0.1"});
  EXPECT_EQ(reached({an_endpoint("10.1.0.1").on("n1").terminating(), an_endpoint("10.1.0.4").on("n1")}), Addresses{"10.1.0.4"});
}

TEST_F(PlanEndpoints, PolicyLocalTellsNoneHereFromNoneAtAll) {
  local_only();

  EXPECT_TRUE(planned({a_slice_of({an_endpoint("10.1.0.2").on("n2")})}).endpoints_elsewhere);
  EXPECT_TRUE(planned({a_slice_of({an_endpoint("10.1.0.2").on("n2").terminating()})}).endpoints_elsewhere);
  EXPECT_FALSE(planned({a_slice_of({an_endpoint("10.1.0.2").on("n2").not_ready()})}).endpoints_elsewhere);
  EXPECT_FALSE(planned({a_slice_of({})}).endpoints_elsewhere);
  EXPECT_FALSE(planned({a_slice_of({an_endpoint("10.1.0.1").on("n1")})}).endpoints_elsewhere);
}

TEST_F(PlanEndpoints, PolicyClusterWithoutUsableEndpointIsRefusedAndNotElsewhere) {
  auto entry = planned({a_slice_of({an_endpoint("10.1.0.2").on("n2").not_ready(), an_endpoint("10.1.0.3").terminating(false)})});

  EXPECT_TRUE(entry.backends.empty());
  EXPECT_FALSE(entry.endpoints_elsewhere);
}

TEST_F(PlanEndpoints, NodeHintsWinOverZoneHints) {
  std::vector<an_endpoint> endpoints = {an_endpoint("10.1.0.1").for_nodes({"n1"}).for_zones({"z1"}),
                                        an_endpoint("10.1.0.2").for_nodes({"n2"}).for_zones({"z1"}),
                                        an_endpoint("10.1.0.3").for_nodes({"n3"}).for_zones({"z2"})};
  EXPECT_EQ(reached(endpoints), Addresses{"10.1.0.1"});

  endpoints.erase(endpoints.begin());
  EXPECT_EQ(reached(endpoints), Addresses{"10.1.0.2"}) << "same zone, when none is for this node";
  endpoints.erase(endpoints.begin());
  EXPECT_EQ(reached(endpoints), Addresses{"10.1.0.3"}) << "all, when none is for this zone";
}

TEST_F(PlanEndpoints, AReadyEndpointWithoutHintsMakesHintsVoid) {
  EXPECT_EQ(reached({an_endpoint("10.1.0.1").for_zones({"z1"}), an_endpoint("10.1.0.2")}), (Addresses{"10.1.0.1", "10.1.0.2"}));
  EXPECT_EQ(
      reached({an_endpoint("10.1.0.1").for_zones({"z1"}), an_endpoint("10.1.0.2").not_ready(), an_endpoint("10.1.0.3").for_zones({"z2"})}),
      Addresses{"10.1.0.1"})
      << "one that is not ready has no say";
}

TEST_F(PlanEndpoints, TerminatingOnesServeWithoutRegardToHints) {
  EXPECT_EQ(reached({an_endpoint("10.1.0.1").for_zones({"z2"}).terminating(), an_endpoint("10.1.0.2").for_zones({"z1"}).terminating()}),
            (Addresses{"10.1.0.1", "10.1.0.2"}));
}

TEST_F(PlanEndpoints, HintsDoNotCountWherePolicyIsLocal) {
  local_only();

  EXPECT_EQ(reached({an_endpoint("10.1.0.1").on("n1").for_zones({"z2"}), an_endpoint("10.1.0.2").on("n2").for_zones({"z1"})}),
            Addresses{"10.1.0.1"});
}

TEST_F(PlanEndpoints, WithoutAZoneLabelZoneHintsAreNotFollowed) {
  in_zone("");

  EXPECT_EQ(reached({an_endpoint("10.1.0.1").for_zones({""}), an_endpoint("10.1.0.2").for_zones({"z1"})}),
            (Addresses{"10.1.0.1", "10.1.0.2"}));
}

// kube-proxy's cleanup of UDP flows asks whether an endpoint serves, and for nothing else.
TEST_F(PlanEndpoints, WhatServesAndIsNotChosenKeepsItsDatagrams) {
  EXPECT_EQ(leaving({an_endpoint("10.1.0.1"), an_endpoint("10.1.0.2").terminating(), an_endpoint("10.1.0.3").terminating(false),
                     an_endpoint("10.1.0.4").not_ready()}),
            Addresses{"10.1.0.2"});
  EXPECT_EQ(leaving({an_endpoint("10.1.0.1").for_zones({"z1"}), an_endpoint("10.1.0.2").for_zones({"z2"})}), Addresses{"10.1.0.2"})
      << "hints prefer another";
  EXPECT_EQ(leaving({an_endpoint("10.1.0.2").terminating()}), Addresses{}) << "it is chosen itself";
  EXPECT_EQ(leaving({an_endpoint("10.1.0.4").not_ready()}), Addresses{"10.1.0.4"}) << "nobody is better";
  EXPECT_EQ(leaving({}), Addresses{});
}

TEST_F(PlanEndpoints, WherePolicyIsLocalOnlyThoseOfThisNodeAreKept) {
  local_only();

  EXPECT_EQ(leaving({an_endpoint("10.1.0.1").on("n1"), an_endpoint("10.1.0.2").on("n1").terminating(),
                     an_endpoint("10.1.0.3").on("n2").terminating(), an_endpoint("10.1.0.4").on("n2")}),
            Addresses{"10.1.0.2"});
}

TEST_F(PlanEndpoints, TcpConnectionsAreNobodysToKeep) {
  const auto set = planned({a_slice_of({an_endpoint("10.1.0.1"), an_endpoint("10.1.0.2").terminating()})});

  EXPECT_FALSE(set.datagrams);
  EXPECT_TRUE(set.leaving.empty());
}

// The controller of slices has already said ready where the Service asks for it; what it has not said ready must not be called.
TEST_F(PlanEndpoints, PublishNotReadyAddressesIsForTheWriterOfSlices) {
  service.row.publish_not_ready_addresses = true;

  EXPECT_EQ(reached({an_endpoint("10.1.0.1").not_ready(), an_endpoint("10.1.0.2")}), Addresses{"10.1.0.2"});
}

TEST_F(PlanEndpoints, OfTwoCopiesTheReadyOneCountsThenTheServingOneThenTheLocalOne) {
  // Each row: one copy in slice a, the other in slice b, in both orders; whether the address is reached, by any node and by this one.
  const an_endpoint stuck_here = an_endpoint("10.1.0.1").on("n1").terminating(false);
  const an_endpoint ending_here = an_endpoint("10.1.0.1").on("n1").terminating();
  const an_endpoint not_ready_here = an_endpoint("10.1.0.1").on("n1").not_ready();
  const an_endpoint ready_here = an_endpoint("10.1.0.1").on("n1");
  const an_endpoint ready_there = an_endpoint("10.1.0.1").on("n2");
  const an_endpoint ending_there = an_endpoint("10.1.0.1").on("n2").terminating();
  struct Case {
    const char* what;
    an_endpoint one, other;
    bool by_all, by_this_node;
  };
  const Case kCases[] = {
      {"stuck here, ready there", stuck_here, ready_there, true, false},
      {"ending here, ready there", ending_here, ready_there, true, false},
      {"not ready here, ready there", not_ready_here, ready_there, true, false},
      {"not ready here, ending there", not_ready_here, ending_there, true, false},
      {"ending here and there", ending_here, ending_there, true, true},
      {"ready here and there", ready_here, ready_there, true, true},
  };
  for (const auto& row : kCases)
    for (bool swapped : {false, true})
      for (bool local : {false, true}) {
        service.row.internal_traffic_policy = local ? model::TrafficPolicy::kLocal : model::TrafficPolicy::kCluster;
        const auto& first = swapped ? row.other : row.one;
        const auto& second = swapped ? row.one : row.other;
        auto entry = planned({a_slice_of({first}, "a"), a_slice_of({second}, "b")});
        EXPECT_EQ(entry.backends.size(), (local ? row.by_this_node : row.by_all) ? 1u : 0u) << row.what << swapped << local;
      }
}

TEST_F(PlanEndpoints, EachSliceMayHaveItsOwnPortNumber) {
  auto entry = planned({a_slice_of({an_endpoint("10.1.0.1")}, "a", 8080), a_slice_of({an_endpoint("10.1.0.2")}, "b", 9090)});

  EXPECT_EQ(entry.backends, (std::vector<Backend>{{ip("10.1.0.1"), 8080}, {ip("10.1.0.2"), 9090}}));
}

TEST_F(PlanEndpoints, AffinityIsTheServicesTimeout) {
  EXPECT_EQ(planned({}).affinity_seconds, 0u);
  service.row.client_ip_affinity_seconds = 125;
  EXPECT_EQ(planned({}).affinity_seconds, 125u);
}

TEST_F(PlanEndpoints, OnlyAnotherZoneOfTheOwnNodeTouchesServices) {
  planning.fold({service});
  auto touched = [&](const std::string& name, const model::Node& before, const model::Node& after) {
    plan::Keys keys;
    plan::services::keys_for({model::put(name, before), model::put(name, after)}, planning.snapshot(), keys);
    return keys.size();
  };
  model::Node tainted = own_node("z1");
  tainted.taint_keys = {"node.kubernetes.io/unreachable"};

  EXPECT_EQ(touched("n1", own_node("z1"), tainted), 0u);
  EXPECT_EQ(touched("n1", own_node("z1"), own_node("z2")), 1u);
  EXPECT_EQ(touched("n2", own_node("z1"), own_node("z2")), 0u);
}

}  // namespace
