#include "model/readiness.h"

#include <gtest/gtest.h>

#include "model/state_directory.h"
#include "model/unwatched.h"
#include "support/published_sample.h"

namespace model {
namespace {

Check named(const Published& published, const std::string& name) {
  for (const auto& check : readiness(published))
    if (check.name == name) return check;
  ADD_FAILURE() << "no check " << name;
  return {};
}

Outcome failed(const std::string& error) { return {OutcomeState::kFailed, error, 1, {}}; }

TEST(ModelReadiness, ANodeOnWhichAllIsWellIsReady) { EXPECT_TRUE(ready(readiness(support::a_quiet_node()))); }

TEST(ModelReadiness, ANewAgentIsNotReadyAndSaysWhyInEachCheck) {
  for (const auto& check : readiness({})) {
    EXPECT_FALSE(check.ok) << check.name;
    EXPECT_FALSE(check.text.empty()) << check.name;
  }
}

TEST(ModelReadiness, ErrorsInTheSettingsCountEvenWhileTheLastGoodOnesAreInForce) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(std::string("settings/values.yaml:3"), Problem{"values.yaml:3", "unknown key x", ""}));

  EXPECT_FALSE(named(published, "settings").ok);
  EXPECT_EQ(named(published, "settings").text, "values.yaml:3: unknown key x");
}

TEST(ModelReadiness, ASourceThatHasNotSyncedIsNamed) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(std::string("objects"), SourceStatus{SourceId::kObjects, false, "cannot read /m"}));

  EXPECT_FALSE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "cannot read /m");
}

TEST(ModelReadiness, KeptRowsOfAnEarlierRunWillDo) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(std::string("objects"), SourceStatus{SourceId::kObjects, false, "3 min old", true}));

  EXPECT_TRUE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "3 min old");
}

TEST(ModelReadiness, ObjectsThatAreNotWatchedAlthoughTheServerAnswersAreNamed) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(std::string(kUnwatchedKey), Problem{"API server", "nodes have not been seen", ""}));

  EXPECT_FALSE(named(published, "objects").ok);
  EXPECT_EQ(named(published, "objects").text, "API server: nodes have not been seen");
}

TEST(ModelReadiness, ANodeWithoutPodCidrsIsNotReady) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, support::a_node("one", {}, {"192.0.2.1"}));

  EXPECT_EQ(named(published, "pod_cidr").text, "Node one has no spec.podCIDRs");
}

TEST(ModelReadiness, AFailedAttachmentCounts) {
  auto published = support::a_quiet_node();
  support::put(published, desired::Attachment{desired::Hook::kConnect6, "/sys/fs/cgroup", "abc"}, "programs one", failed("not permitted"));

  EXPECT_FALSE(named(published, "datapath").ok);
}

TEST(ModelReadiness, OneServiceThatCannotBeProgrammedDoesNotTakeTheNodeOut) {
  auto published = support::a_quiet_node();
  desired::ServiceEntry big{"default/big", {{support::ip("10.96.0.99"), 1, Protocol::kTcp}}, {}};
  support::put(published, big, "services default/big", failed("no space left"));

  EXPECT_TRUE(ready(readiness(published)));
}

TEST(ModelReadiness, WhatHasNotStartedAndAStateDirectoryThatTakesNothingAreNamedFirst) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(start_key("cni"), Problem{"cni", "no socket", ""}));
  support::put(published.snapshot, put(std::string(kStateDirectoryKey), Problem{"state directory /s", "full", ""}));

  auto checks = readiness(published);

  EXPECT_FALSE(ready(checks));
  EXPECT_EQ(checks[0].name + ": " + checks[0].text, "start: cni: no socket");
  EXPECT_EQ(checks[1].name + ": " + checks[1].text, "state_dir: state directory /s: full");
}

TEST(ModelReadiness, TheCanaryCountsFromBothSides) {
  auto published = support::a_quiet_node();
  support::put(published.snapshot, put(std::string("canary"), CanaryResult{true, false, "refused", {}, 0}));

  EXPECT_TRUE(named(published, "canary_from_host").ok);
  EXPECT_EQ(named(published, "canary_from_pod").text, "refused");
}

}  // namespace
}  // namespace model
