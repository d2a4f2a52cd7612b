// What is counted of the cluster's Services, as kube-proxy counts it.
#include "engine/service_sync.h"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/core.h"
#include "plan/plan.h"
#include "support/builders.h"
#include "support/fake_kernel.h"

namespace {

using namespace support;

constexpr double kStart = 1'700'000'000;

class ServiceSyncCounts : public testing::Test {
 protected:
  void tell(const model::Change& change, double at) {
    counts_.note({change}, snapshot_, at);
    snapshot_.apply(change);
  }
  void pass(double seconds, double now) {
    counts_.passed(seconds, now, ++writes_, [this](const std::string& service) { return unsettled_[service]; });
  }
  // "2023-11-14T22:13:20Z" is kStart.
  static model::Change slice(const std::string& second, const std::string& endpoint, base::Family family = base::Family::kIpv4) {
    a_slice slice("web", family == base::Family::kIpv4 ? "web-4" : "web-6", family);
    slice.port(80).endpoint(endpoint);
    if (!second.empty()) slice.row.meta.annotations["endpoints.kubernetes.io/last-change-trigger-time"] = "2023-11-14T22:13:" + second;
    return slice;
  }
  template <class Histogram>
  static uint64_t count(const Histogram& histogram) {
    return std::accumulate(histogram.counts.begin(), histogram.counts.end(), uint64_t{0});
  }
  uint64_t measured() const { return count(counts_.counts().programming[0]) + count(counts_.counts().programming[1]); }

  engine::ServiceSyncCounts counts_{kStart};
  model::Snapshot snapshot_;
  std::map<std::string, std::optional<std::string>> unsettled_;
  uint64_t writes_ = 0;
};

TEST_F(ServiceSyncCounts, AChangeIsMeasuredFromItsTriggerToTheKernel) {
  tell(slice("21.5Z", "10.1.0.1"), kStart + 2);
  tell(slice("22.250000001Z", "fd00::1", base::Family::kIpv6), kStart + 2);
  pass(0.003, kStart + 3);

  const auto& counts = counts_.counts();
  EXPECT_EQ(count(counts.programming[0]), 1u);
  EXPECT_NEAR(counts.programming[0].sum, 1.5, 1e-6);
  EXPECT_EQ(counts.programming[0].counts[3], 1u) << "above 1 s, up to 2 s";
  EXPECT_NEAR(counts.programming[1].sum, 0.75, 1e-6);
  EXPECT_EQ(counts.endpoint_changes, 2u);
  EXPECT_EQ(counts.last_change, kStart + 2);
  EXPECT_EQ(counts.last_sync, kStart + 3);
  EXPECT_EQ(count(counts.passes), 1u);
  EXPECT_EQ(counts.passes.counts[2], 1u) << "above 2 ms, up to 4 ms";
}

TEST_F(ServiceSyncCounts, WhatNoTriggerTellsOfIsNotMeasured) {
  tell(slice("", "10.1.0.1"), kStart + 2);
  tell(slice("yesterday", "10.1.0.2"), kStart + 2);
  tell(slice("10Z", "10.1.0.3"), kStart + 2);  // before the start
  tell(slice("21Z", "10.1.0.4"), kStart + 2);
  tell(slice("21Z", "10.1.0.5"), kStart + 2);  // the same trigger, written once more
  tell(slice("21Z", "10.1.0.5"), kStart + 2);  // nothing new
  pass(0.001, kStart + 3);

  EXPECT_EQ(measured(), 1u);
  EXPECT_EQ(counts_.counts().endpoint_changes, 5u);
}

TEST_F(ServiceSyncCounts, WhatWaitsOrFailsIsMeasuredWhenItIsThere) {
  tell(slice("21Z", "10.1.0.1"), kStart + 1);
  unsettled_["default/web"] = "";
  pass(0.001, kStart + 2);
  EXPECT_EQ(measured(), 0u);
  EXPECT_EQ(counts_.counts().last_sync, 0);

  unsettled_["default/web"] = "the map is full";
  pass(0.001, kStart + 3);
  EXPECT_EQ(measured(), 0u);
  EXPECT_EQ(counts_.counts().last_sync, kStart + 3) << "a failure is in its own row, and holds up nobody";

  unsettled_["default/web"] = std::nullopt;
  pass(0.001, kStart + 41);
  EXPECT_EQ(measured(), 1u);
  EXPECT_NEAR(counts_.counts().programming[0].sum, 40, 1e-6);
  EXPECT_EQ(count(counts_.counts().passes), 1u) << "passes without changes are none of its business";
}

TEST_F(ServiceSyncCounts, WhatGoesOrIsHeadlessIsNotMeasured) {
  tell(slice("21Z", "10.1.0.1"), kStart + 1);
  tell(model::gone<model::EndpointSlice>("default/web-4"), kStart + 2);
  a_slice headless("db", "db-4");
  headless.row.meta.labels["service.kubernetes.io/headless"] = "";
  headless.row.meta.annotations["endpoints.kubernetes.io/last-change-trigger-time"] = "2023-11-14T22:13:21Z";
  tell(headless, kStart + 2);
  pass(0.001, kStart + 3);

  EXPECT_EQ(measured(), 0u);
  EXPECT_EQ(counts_.counts().endpoint_changes, 3u);
}

TEST_F(ServiceSyncCounts, AServiceThatFailsForLongKeepsAFewTriggers) {
  unsettled_["default/web"] = "the map is full";
  for (int i = 0; i < 1'000; ++i) tell(slice("21." + std::to_string(100'000 + i) + "Z", "10.1.0.1"), kStart + 1);
  unsettled_.clear();
  pass(0.001, kStart + 3);

  EXPECT_EQ(measured(), 64u);
}

TEST(ServiceSyncBuckets, AreKubeProxysOwn) {
  const auto& bounds = model::kProgrammingSeconds;
  EXPECT_EQ(bounds.size(), 80u);
  EXPECT_EQ((std::array{bounds[0], bounds[1], bounds[2], bounds[60], bounds[61], bounds[72], bounds[73], bounds[79]}),
            (std::array{0.25, 0.5, 1.0, 59.0, 60.0, 115.0, 120.0, 300.0}));
  EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
  EXPECT_EQ(model::kSyncSeconds.back(), 16.384);

  model::Histogram<model::kProgrammingSeconds> histogram;
  for (double value : {0.0, 0.25, 0.26, 300.0, 300.1}) histogram.observe(value);
  EXPECT_EQ(histogram.counts[0], 2u) << "the upper end is in it";
  EXPECT_EQ(histogram.counts[1], 1u);
  EXPECT_EQ(histogram.counts[79], 1u);
  EXPECT_EQ(histogram.counts[80], 1u);
}

TEST(ServiceSyncOfTheEngine, APassThatWroteASliceIsCountedAndPublished) {
  FakeKernel kernel;
  base::BootTime now{1};
  model::Identity identity;
  identity.node_name = "n1";
  engine::Core core{identity, plan::features(), kernel.stores(now), now};
  auto changes = all_synced();
  changes.push_back(a_service("web").address("10.96.0.1").port(80));
  core.fold(std::move(changes));
  core.pass(now);
  a_slice slice("web", "web-a");
  slice.port(80).endpoint("10.42.2.1");
  slice.row.meta.annotations["endpoints.kubernetes.io/last-change-trigger-time"] = "2999-01-01T00:00:00Z";  // a clock that is ahead

  core.fold(model::Changes{slice});
  core.pass(now);

  const auto sync = core.publish(now)->service_sync;
  EXPECT_EQ(sync.service_changes, 1u);
  EXPECT_EQ(sync.endpoint_changes, 1u);
  EXPECT_EQ(sync.programming[0].counts[0], 1u);
  EXPECT_EQ(sync.programming[0].sum, 0) << "never negative";
  EXPECT_GT(sync.last_sync, 0);
}

}  // namespace
