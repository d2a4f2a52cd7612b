// Sources that do not start at once.
#include "engine/starts.h"

#include <gtest/gtest.h>

namespace engine {
namespace {

using std::chrono::seconds;

// The Problem row of the one change; null: it is gone.
std::shared_ptr<const model::Problem> only_row(const model::Changes& changes) {
  if (changes.size() != 1) {
    ADD_FAILURE() << changes.size() << " changes";
    return nullptr;
  }
  return std::get<model::RowChange<model::Problem>>(changes.front()).row;
}

TEST(EngineStarts, OneThatFailsIsAProblemUntilItStarts) {
  base::Result<void> outcome = base::Error{EMFILE, "no descriptor"};
  int calls = 0;
  Starts starts;
  starts.add("host", [&] {
    ++calls;
    return outcome;
  });
  auto told = only_row(starts.retry(seconds(100)));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->subject, "host");
  EXPECT_EQ(told->text, "no descriptor");

  EXPECT_TRUE(starts.retry(starts.next_try()).empty());
  outcome = {};
  EXPECT_FALSE(only_row(starts.retry(starts.next_try())));

  EXPECT_EQ(starts.next_try(), base::BootTime::max());
  int before = calls;
  starts.retry(seconds(1000));
  EXPECT_EQ(calls, before);
}

TEST(EngineStarts, OneThatStartsAtOnceIsNoNews) {
  Starts starts;
  starts.add("host", [] { return base::Result<void>(); });

  EXPECT_TRUE(starts.retry(seconds(100)).empty());
  EXPECT_EQ(starts.next_try(), base::BootTime::max());
}

TEST(EngineStarts, TriesAreApart) {
  int calls = 0;
  Starts starts;
  starts.add("host", [&]() -> base::Result<void> {
    ++calls;
    return base::Error{EIO, "no"};
  });
  starts.retry(seconds(100));
  int before = calls;

  starts.retry(seconds(100));
  EXPECT_EQ(calls, before);
  starts.retry(starts.next_try());
  EXPECT_EQ(calls, before + 1);
}

}  // namespace
}  // namespace engine
