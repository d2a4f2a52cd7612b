#include "plan/services.h"

#include <gtest/gtest.h>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::Protocol;
using model::desired::Backend;
using model::desired::Frontend;
using model::desired::ServiceSet;

model::Planned planned(const std::string& service, const std::vector<model::Change>& changes) {
  engine::Planning planning({}, {});
  planning.fold(all_synced());
  planning.fold(changes);
  return plan::services::plan("default/" + service, planning.snapshot());
}

template <class Row>
std::vector<Row> rows_of(const model::Planned& planned) {
  std::vector<Row> rows;
  for (const auto& row : planned.rows)
    if (const auto* found = std::get_if<Row>(&row)) rows.push_back(*found);
  return rows;
}

ServiceSet set(const model::Planned& planned, size_t index) { return rows_of<ServiceSet>(planned).at(index); }

TEST(PlanServices, EachAddressAndPortIsAFrontendWithTheReadyEndpointsOfItsFamily) {
  auto result = planned("web", {a_service("web").address("10.96.0.1").address("fd00:96::1").port(80).port(53, Protocol::kUdp, "dns"),
                                a_slice("web", "a")
                                    .port(8080)
                                    .port(5353, Protocol::kUdp, "dns")
                                    .endpoint("10.1.0.2")
                                    .endpoint("10.1.0.1")
                                    .endpoint("10.1.0.3", false),
                                a_slice("web", "b", base::Family::kIpv6).port(8080).endpoint("fd00::1")});

  ASSERT_EQ(rows_of<ServiceSet>(result).size(), 4u);
  EXPECT_EQ(set(result, 0).backends, (std::vector<Backend>{{ip("10.1.0.1"), 8080}, {ip("10.1.0.2"), 8080}}));
  EXPECT_EQ(set(result, 1).backends, (std::vector<Backend>{{ip("fd00::1"), 8080}}));
  EXPECT_EQ(set(result, 2).backends, (std::vector<Backend>{{ip("10.1.0.1"), 5353}, {ip("10.1.0.2"), 5353}}));
  EXPECT_TRUE(set(result, 3).backends.empty());
  EXPECT_TRUE(result.problems.empty());
}

TEST(PlanServices, AllAddressesOfAFamilyLeadToOneSetForCallers) {
  auto service = a_service("web").address("10.96.0.1").address("10.96.0.2").address("fd00:96::1").port(80);
  service.row.meta.created = 1700000000;

  auto result = planned("web", {service, a_slice("web", "a").port(8080).endpoint("10.1.0.1")});

  auto sets = rows_of<ServiceSet>(result);
  auto frontends = rows_of<Frontend>(result);
  ASSERT_EQ(sets.size(), 2u);
  ASSERT_EQ(frontends.size(), 3u);
  EXPECT_EQ(sets[0].id.name(), "default/web:80/TCP/IPv4/callers");
  EXPECT_EQ(sets[1].id.name(), "default/web:80/TCP/IPv6/callers");
  for (size_t i = 0; i < frontends.size(); ++i) {
    EXPECT_EQ(frontends[i].callers, sets[i / 2].id);
    EXPECT_FALSE(frontends[i].arrivals);
    EXPECT_EQ(frontends[i].since, 1700000000);
  }
}

TEST(PlanServices, TerminatingEndpointsServeOnlyWhereNoneIsReady) {
  auto service = a_service("web").address("10.96.0.1").port(80);
  auto terminating = a_slice("web", "a").port(80).endpoint("10.1.0.1", false, true, true).endpoint("10.1.0.2", false, false, true);

  auto alone = planned("web", {service, terminating});
  auto beside = planned("web", {service, terminating, a_slice("web", "b").port(80).endpoint("10.1.0.9")});

  EXPECT_EQ(set(alone, 0).backends, (std::vector<Backend>{{ip("10.1.0.1"), 80}}));
  EXPECT_EQ(set(beside, 0).backends, (std::vector<Backend>{{ip("10.1.0.9"), 80}}));
}

TEST(PlanServices, AnEndpointInTwoSlicesCountsOnce) {
  auto result = planned("web", {a_service("web").address("10.96.0.1").port(80), a_slice("web", "a").port(80).endpoint("10.1.0.1"),
                                a_slice("web", "b").port(80).endpoint("10.1.0.1")});

  EXPECT_EQ(set(result, 0).backends.size(), 1u);
}

TEST(PlanServices, PortsMatchByNameAndProtocol) {
  auto result = planned("web", {a_service("web").address("10.96.0.1").port(80, Protocol::kTcp, "http"),
                                a_slice("web", "a").port(80, Protocol::kTcp, "other").endpoint("10.1.0.1"),
                                a_slice("web", "b").port(80, Protocol::kUdp, "http").endpoint("10.1.0.2")});

  EXPECT_TRUE(set(result, 0).backends.empty());
}

TEST(PlanServices, WhatOthersServeIsLeftAlone) {
  for (const char* label : {"service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"})
    EXPECT_TRUE(planned("web", {a_service("web").address("10.96.0.1").port(80).label(label, "")}).rows.empty()) << label;
  auto external = a_service("web").address("10.96.0.1").port(80);
  external.row.type = model::ServiceType::kExternalName;
  EXPECT_TRUE(planned("web", {external}).rows.empty());
}

TEST(PlanServices, WithoutAddressOrSliceTheRowSaysWhatToWrite) {
  auto result = planned("web", {a_service("web").port(80)});

  ASSERT_EQ(result.problems.size(), 2u);
  EXPECT_NE(result.problems[0].remedy.find("spec.clusterIP"), std::string::npos);
  EXPECT_NE(result.problems[1].remedy.find("kubernetes.io/service-name: web"), std::string::npos);
}

TEST(PlanServices, NothingIsSaidBeforeAllObjectsHaveBeenRead) {
  engine::Planning planning({}, plan::features());
  planning.fold({a_service("web").address("10.96.0.1").port(80), model::put("config", model::Config{})});

  EXPECT_TRUE(plan::services::plan("default/web", planning.snapshot()).rows.empty());
  size_t entries = 0;
  auto count = [&](const auto&, auto rows) {
    entries += std::count_if(rows.begin(), rows.end(), [](auto& row) { return std::holds_alternative<ServiceSet>(row); });
  };
  planning.run({}, count);
  planning.fold({synced(model::SourceId::kObjects)});
  planning.run({}, count);
  EXPECT_EQ(entries, 1u);
}

TEST(PlanServices, KeptRowsArePlannedAndWhatASourceSaysOfItselfPlansNothing) {
  engine::Planning planning({}, plan::features());
  planning.fold({a_service("web").address("10.96.0.1").port(80), model::put("config", model::Config{})});
  auto says = [&](bool synced, bool kept, const std::string& text) {
    planning.fold({model::put("objects", model::SourceStatus{model::SourceId::kObjects, synced, text, kept})});
    planning.run({}, [](const auto&, auto) {});
    return planning.planner_calls();
  };

  auto calls = says(false, true, "1 Service");
  EXPECT_FALSE(plan::services::plan("default/web", planning.snapshot()).rows.empty());
  EXPECT_EQ(says(false, true, "1 Service, 1 min old"), calls);
  EXPECT_GT(says(true, false, "1 Service"), calls);
}

TEST(PlanServices, SctpIsAProblemAndDisturbsNoOtherPort) {
  auto result = planned(
      "web", {a_service("web").address("10.96.0.1").port(80).port(81, Protocol::kSctp), a_slice("web", "a").port(80).endpoint("10.1.0.1")});

  EXPECT_EQ(rows_of<ServiceSet>(result).size(), 1u);
  EXPECT_EQ(result.problems.size(), 1u);
}

TEST(PlanServices, ASliceThatChangesServicesTouchesBoth) {
  plan::Keys keys;
  auto before = a_slice("old", "a").row, after = a_slice("new", "a").row;
  plan::Touched touched{model::put("default/a", before), model::put("default/a", after)};

  plan::services::keys_for(touched, {}, keys);

  EXPECT_EQ(keys, (plan::Keys{"default/new", "default/old"}));
}

}  // namespace
