#include "status/reporter.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "base/clock.h"
#include "io/files/files.h"
#include "support/published_sample.h"

namespace status {
namespace {

using std::chrono::seconds;

const std::vector<status::Check> kGood{{"canary", true, ""}};
const std::vector<status::Check> kBad{{"canary", false, "refused"}};

TEST(StatusReporter, TheFileFollowsHealthAndProblemsAtOnceAndElseEachTenSeconds) {
  ReportSchedule schedule;

  EXPECT_TRUE(schedule.next(kGood, 1, seconds(100)).file);
  EXPECT_FALSE(schedule.next(kGood, 1, seconds(101)).file);
  EXPECT_TRUE(schedule.next(kBad, 1, seconds(102)).file);
  EXPECT_TRUE(schedule.next(kBad, 2, seconds(103)).file);
  EXPECT_FALSE(schedule.next(kBad, 2, seconds(112)).file);
  EXPECT_TRUE(schedule.next(kBad, 2, seconds(113)).file);
}

TEST(StatusReporter, TheLogGetsEachChangeOfHealthOnceAndASummaryEachTenMinutes) {
  ReportSchedule schedule;

  auto first = schedule.next(kBad, 1, seconds(100));
  auto same = schedule.next(kBad, 1, seconds(200));
  auto better = schedule.next(kGood, 1, seconds(300));
  auto later = schedule.next(kGood, 1, seconds(700));

  EXPECT_TRUE(first.health_changed && first.summary);
  EXPECT_FALSE(same.health_changed || same.summary);
  EXPECT_TRUE(better.health_changed && !better.summary);
  EXPECT_TRUE(!later.health_changed && later.summary);
}

TEST(StatusReporter, TheFileInTheRunDirectoryHoldsTheStatus) {
  std::string dir = testing::TempDir() + "ichor-report-XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  model::PublishedCell cell;
  cell.store(std::make_shared<const model::Published>(support::a_quiet_node()));
  UseCache use;
  Reporter reporter(dir, cell, use);

  ASSERT_TRUE(reporter.start());
  auto read = io::files::read_file(dir + "/status");
  for (auto until = base::boot_now() + seconds(20); !read.ok() && base::boot_now() < until; std::this_thread::yield())
    read = io::files::read_file(dir + "/status");
  reporter.stop();
  std::filesystem::remove_all(dir);

  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_THAT(*read, testing::HasSubstr("on node one: READY"));
}

}  // namespace
}  // namespace status
