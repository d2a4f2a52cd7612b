#include "base/side_by_side.h"

#include <gtest/gtest.h>

namespace {

TEST(BaseSideBySide, EveryPieceIsDoneOnce) {
  std::vector<std::atomic<int>> done(1000);
  EXPECT_TRUE(base::side_by_side(done.size(), [&](size_t i) -> base::Result<void> { return ++done[i], base::Result<void>{}; }).ok());
  for (const auto& times : done) EXPECT_EQ(times, 1);
}

TEST(BaseSideBySide, NoPiecesAreDoneAtOnce) {
  EXPECT_TRUE(base::side_by_side(0, [](size_t) -> base::Result<void> { return base::Error{EINVAL, "none is there"}; }).ok());
}

TEST(BaseSideBySide, TheFirstPieceThatFailsSaysWhyAndTheOthersAreDoneAllTheSame) {
  std::atomic<int> done = 0;
  auto result = base::side_by_side(8, [&](size_t i) -> base::Result<void> {
    ++done;
    if (i == 3 || i == 5) return base::Error{EIO, "piece " + std::to_string(i)};
    return {};
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().text, "piece 3");
  EXPECT_EQ(done, 8);
}

}  // namespace
