#include "status/summary.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "abi/drop_reasons.h"
#include "support/published_sample.h"

namespace status {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr base::BootTime kNow{100'000};
constexpr uint64_t kMemory = 12'582'912;
const Surroundings kAround{kMemory, {}, {}, {}};

std::string text_of(const model::Published& published) { return summary_text(summarize(published, kNow, kAround)); }

TEST(StatusSummary, AQuietNodeFitsOnAScreen) {
  std::string version = summarize({}, kNow, {}).version;

  EXPECT_EQ(text_of(support::a_quiet_node()), "ichor " + version + R"( on node one: READY, up 60 s, first ready 350 ms after its start

sources    settings   synced  31 keys
           objects    synced  4 files, 12 objects
           host       synced  4 links, 9 routes
           sandboxes  synced  1 record
           canary     synced
settings   1 key in force, from /etc/ichor/values.yaml
           accepted, not there yet (1): hubble.enabled
           without meaning here (1): operator.replicas
pods       0 pods attached on this node, 0 known in the cluster
services   1 Service, 1 frontend
peers      1 other node
           routes (1): 10.244.1.0/24 via 192.0.2.2
programs   /sys/fs/cgroup: connect4
           eth0: uplink_ingress
           no filters on pod links
maps       room for 16384 backends, 512 pods, 4096 service_sets, 16384 set_slots
sysctls    set (1): net/ipv4/ip_forward=1
effects    11 wanted, 11 done, 0 pending, 0 failed
problems   none
engine     0 passes, 0 planner calls, 0 writes, 0 failed; 12.0 MiB of memory
)");
}

TEST(StatusSummary, AFailingCheckIsNamedWithAReasonAndAdvice) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, model::put(std::string("canary"), model::CanaryResult{true, false, "connection refused", {}, 0}));

  std::string text = text_of(published);

  EXPECT_THAT(text, HasSubstr("on node one: NOT READY"));
  EXPECT_THAT(text, HasSubstr("  FAIL canary_from_pod: connection refused\n       advice: "));
  EXPECT_THAT(text, Not(HasSubstr("FAIL canary_from_host")));
}

TEST(StatusSummary, WhatWasDroppedIsNamedWithACountAndARemedy) {
  Surroundings around;
  around.packets = io::kernel::PacketCounters{std::vector<uint64_t>(DROP_REASON_COUNT), {7, 8, 9}};
  around.packets->drops[DROP_OWN_SOURCE] = 12;
  Summary summary = summarize(support::a_quiet_node(), kNow, around);

  EXPECT_THAT(summary_text(summary), HasSubstr("packets    to pods: 7 straight from uplinks, 8 straight from pods, 9 by the node's stack\n"
                                               "drops      own_source 12: from outside came a source that is this node's"));
  EXPECT_THAT(summary_text(summary), Not(HasSubstr("martian_source")));

  auto json = nlohmann::json::parse(summary_json(summary));
  EXPECT_EQ(json["deliveries"], (nlohmann::json{{"from_uplinks", 7}, {"from_pods", 8}, {"by_stack", 9}}));
  ASSERT_EQ(json["drops"].size(), size_t{DROP_REASON_COUNT});
  EXPECT_EQ(json["drops"][DROP_OWN_SOURCE]["reason"], "own_source");
  EXPECT_EQ(json["drops"][DROP_OWN_SOURCE]["count"], 12);
  EXPECT_EQ(json["drops"][DROP_MARTIAN_SOURCE]["count"], 0);
}

TEST(StatusSummary, AFailedWriteIsShownWithItsReason) {
  auto published = support::a_quiet_node();
  support::put(published, model::desired::Route{support::cidr("10.244.2.0/24"), support::ip("192.0.2.3"), "", {}}, {"routes", "three"},
               {model::OutcomeState::kFailed, "no route to host", 1, base::BootTime(102'000)});

  EXPECT_THAT(text_of(published), HasSubstr("FAILED routes 10.244.2.0/24: no route to host (once, again in 2.0 s)"));
}

TEST(StatusSummary, ARouteToNobodySaysSo) {
  auto published = support::a_quiet_node();
  model::desired::Route route{support::cidr("10.244.2.0/24"), {}, "", {}};
  route.type = model::desired::RouteType::kUnreachable;
  support::put(published, route, {"routes", "one"});

  EXPECT_THAT(text_of(published), HasSubstr("10.244.2.0/24 unreachable"));
}

TEST(StatusSummary, AServiceWithoutEndpointsIsNamed) {
  auto published = support::a_quiet_node();
  model::desired::ServiceSet empty{.id = model::desired::SetId("default/db:5432/TCP/IPv4/callers")};
  support::put(published, empty, {"services", "default/db"});

  EXPECT_THAT(text_of(published), HasSubstr("without endpoints (1): default/db:5432/TCP/IPv4/callers"));
}

TEST(StatusSummary, ManyNamesAreCutAndSayWhereTheRestIs) {
  auto published = support::a_quiet_node();
  for (int i = 0; i < 100; ++i) {
    std::string key = "operator.key" + std::to_string(i);
    support::put(published.snapshot, model::put(key, model::Setting{key, "1", "--set", model::SettingClass::kWithoutMeaning, ""}));
  }

  std::string text = text_of(published);

  EXPECT_THAT(text, HasSubstr("without meaning here (101): operator.key0,"));
  EXPECT_THAT(text, HasSubstr("and 89 more: ichor-agent get settings"));
}

TEST(StatusSummary, PrivilegesAreListedAndMissingOnesAreAProblem) {
  io::kernel::Capabilities none;
  std::string text = summary_text(summarize(support::a_quiet_node(), kNow, {kMemory, none, {}}));

  EXPECT_THAT(text, HasSubstr("NET_ADMIN MISSING: links, routes"));
  EXPECT_THAT(text, HasSubstr("capabilities: missing: NET_ADMIN SYS_ADMIN"));
}

TEST(StatusSummary, KernelSettingsAreListedWithAdviceForThoseThatAreNotAsTheyShouldBe) {
  Surroundings around{
      kMemory, {}, {{"a.b", "1", true, "", ""}, {"c.d", "2", false, "slow", "set it to 1"}, {"e", "", true, "cannot be read", ""}}};
  auto summary = summarize(support::a_quiet_node(), kNow, around);
  std::string text = summary_text(summary);

  EXPECT_THAT(text, HasSubstr("kernel     settings as they should be (1): a.b=1\n"));
  EXPECT_THAT(text, HasSubstr("c.d=2: slow\n             advice: set it to 1\n"));
  EXPECT_THAT(text, HasSubstr("e cannot be read\n"));
  EXPECT_THAT(summary_faults(summary), testing::ElementsAre("c.d=2: slow (set it to 1)"));
}

TEST(StatusSummary, JsonSaysTheSame) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot,
               model::put_problem(model::Origin::kObjects, "web.yaml", model::Problem{"file web.yaml", "not YAML", "mend it"}));

  auto json = nlohmann::json::parse(summary_json(summarize(published, kNow, kAround)));

  EXPECT_EQ(json["node"], "one");
  EXPECT_EQ(json["ready"], true);
  EXPECT_EQ(json["uptime_ms"], 60'000);
  EXPECT_EQ(json["ready_after_ms"], 350);
  EXPECT_EQ(json["services"]["frontends"], 1);
  EXPECT_EQ(json["peers"]["routes"][0], "10.244.1.0/24 via 192.0.2.2");
  EXPECT_EQ(json["problems"][0]["remedy"], "mend it");
  EXPECT_EQ(json["resident_bytes"], kMemory);
}

TEST(StatusSummary, AnAgentThatKnowsNothingYetSaysWhatIsMissing) {
  std::string text = text_of({});

  EXPECT_THAT(text, HasSubstr("NOT READY"));
  EXPECT_THAT(text, HasSubstr("FAIL settings: no configuration has been read yet"));
  EXPECT_THAT(text, HasSubstr("FAIL datapath: nothing has asked for programs yet"));
}

}  // namespace
}  // namespace status
