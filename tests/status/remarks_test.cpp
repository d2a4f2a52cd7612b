#include "status/remarks.h"

#include <gmock/gmock.h>

namespace status {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> kBtf{"datapath: no BTF"};

TEST(StatusRemarks, WhatLastsIsSaidOnce) {
  Remarks remarks;

  EXPECT_THAT(remarks.due(kBtf, seconds(100)), IsEmpty());
  EXPECT_TRUE(remarks.waiting());
  EXPECT_THAT(remarks.due(kBtf, seconds(101)), ElementsAre(kBtf[0]));
  EXPECT_FALSE(remarks.waiting());
  EXPECT_THAT(remarks.due(kBtf, seconds(5000)), IsEmpty());
}

TEST(StatusRemarks, WhatPassesIsNotSaid) {
  Remarks remarks;
  remarks.due(kBtf, seconds(100));
  remarks.due({}, seconds(101));

  EXPECT_THAT(remarks.due(kBtf, seconds(102)), IsEmpty());
}

TEST(StatusRemarks, WhatComesAndGoesIsSaidAgainOnlyAfterALongTime) {
  Remarks remarks;
  remarks.due(kBtf, seconds(100));
  remarks.due(kBtf, seconds(101));
  remarks.due({}, seconds(102));
  remarks.due(kBtf, seconds(103));
  EXPECT_THAT(remarks.due(kBtf, seconds(104)), IsEmpty());

  remarks.due({}, seconds(800));
  remarks.due(kBtf, seconds(1000));
  EXPECT_THAT(remarks.due(kBtf, seconds(1001)), ElementsAre(kBtf[0]));
}

TEST(StatusRemarks, NumbersDoNotMakeNews) {
  Remarks remarks;
  remarks.due({"try 1"}, seconds(100));
  remarks.due({"try 2"}, seconds(101));

  EXPECT_THAT(remarks.due({"try 33"}, seconds(102)), IsEmpty());
  EXPECT_FALSE(remarks.waiting());
}

TEST(StatusRemarks, OfVeryManyAFewAreSaid) {
  std::vector<std::string> lines;
  for (char c = 'a'; c <= 'z'; ++c) lines.emplace_back(1, c);
  Remarks remarks;
  remarks.due(lines, seconds(100));

  auto said = remarks.due(lines, seconds(101));

  ASSERT_THAT(said, SizeIs(11));
  EXPECT_EQ(said.back(), "and 16 more: see /status");
}

}  // namespace
}  // namespace status
