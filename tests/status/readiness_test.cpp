#include "status/readiness.h"

#include <gtest/gtest.h>

#include "model/unwatched.h"
#include "support/published_sample.h"

namespace status {
namespace {

using namespace model;

Check named(const Published& published, const std::string& name) {
  for (const auto& check : readiness(published))
    if (check.name == name) return check;
  ADD_FAILURE() << "no check " << name;
  return {};
}

Outcome failed(const std::string& error) { return {OutcomeState::kFailed, error, 1, {}}; }

TEST(StatusReadiness, ANodeOnWhichAllIsWellIsReady) { EXPECT_TRUE(ready(readiness(support::a_quiet_node()))); }

TEST(StatusReadiness, ANewAgentIsNotReadyAndSaysWhyInEachCheck) {
  for (const auto& check : readiness({})) {
    EXPECT_FALSE(check.ok) << check.name;
    EXPECT_FALSE(check.text.empty()) << check.name;
  }
}

TEST(StatusReadiness, ErrorsInTheSettingsCountEvenWhileTheLastGoodOnesAreInForce) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put_problem(Origin::kSettings, "0", Problem{"values.yaml:3", "unknown key x", ""}));

  EXPECT_FALSE(named(published, "settings").ok);
  EXPECT_EQ(named(published, "settings").text, "values.yaml:3: unknown key x");
}

TEST(StatusReadiness, ASourceThatHasNotSyncedIsNamed) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, model::put(SourceStatus{SourceId::kObjects, false, "cannot read /m"}));

  EXPECT_FALSE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "cannot read /m");
}

TEST(StatusReadiness, KeptRowsOfAnEarlierRunWillDo) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, model::put(SourceStatus{SourceId::kObjects, false, "3 min old", true}));

  EXPECT_TRUE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "3 min old");
}

TEST(StatusReadiness, ObjectsThatAreNotWatchedAlthoughTheServerAnswersAreNamed) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put_problem(Origin::kObjects, kUnwatched, Problem{"API server", "nodes have not been seen", ""}));

  EXPECT_FALSE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "API server: nodes have not been seen");
}

TEST(StatusReadiness, ANodeWithoutPodCidrsIsNotReady) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, support::a_node("one", {}, {"192.0.2.1"}));

  EXPECT_EQ(named(published, "pod_cidr").text, "Node one has no spec.podCIDRs");
}

TEST(StatusReadiness, AFailedAttachmentCounts) {
  auto published = support::a_quiet_node();
  support::put(published, desired::Attachment{desired::Hook::kConnect6, "/sys/fs/cgroup", "abc"}, {"programs", "node"},
               failed("not permitted"));

  EXPECT_FALSE(named(published, "datapath").ok);
}

TEST(StatusReadiness, OneServiceThatCannotBeProgrammedDoesNotTakeTheNodeOut) {
  auto published = support::a_quiet_node();
  desired::ServiceSet big{.id = desired::SetId("default/big:1/TCP/IPv4/callers"), .backends = {}};
  support::put(published, big, {"services", "default/big"}, failed("no space left"));

  EXPECT_TRUE(ready(readiness(published)));
}

TEST(StatusReadiness, WhatHasNotStartedAndAStateDirectoryThatTakesNothingAreNamedFirst) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put_problem(Origin::kStart, "cni", Problem{"cni", "no socket", ""}));
  support::put(published.snapshot, put_problem(Origin::kStateDirectory, "", Problem{"state directory /s", "full", ""}));

  auto checks = readiness(published);

  EXPECT_FALSE(ready(checks));
  EXPECT_EQ(checks[0].name + ": " + checks[0].text, "start: cni: no socket");
  EXPECT_EQ(checks[1].name + ": " + checks[1].text, "state_dir: state directory /s: full");
}

TEST(StatusReadiness, TheCanaryCountsFromBothSides) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, model::put(CanaryResult{true, false, "refused", {}, 0}));

  EXPECT_TRUE(named(published, "canary_from_host").ok);
  EXPECT_EQ(named(published, "canary_from_pod").text, "refused");
}

}  // namespace
}  // namespace status
