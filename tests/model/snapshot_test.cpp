// Tables and the indices made from them change together.
#include "model/snapshot.h"

#include <gtest/gtest.h>

#include "support/builders.h"

namespace model {
namespace {

TEST(ModelSnapshot, WhatATableAlreadySaysTouchesNothing) {
  Snapshot snapshot;
  EXPECT_TRUE(snapshot.apply(support::a_link("eth0")));
  EXPECT_FALSE(snapshot.apply(support::a_link("eth0")));

  auto touched = snapshot.apply(support::a_link("eth0", 9000));
  ASSERT_TRUE(touched);
  EXPECT_EQ(touched->old_row<Link>()->mtu, 1500u);
  EXPECT_EQ(touched->new_row<Link>()->mtu, 9000u);
  EXPECT_FALSE(snapshot.apply(gone<Link>("eth1")));
}

TEST(ModelSnapshot, ASliceThatChangesItsServiceIsFoundByTheNewOneOnly) {
  Snapshot snapshot;
  snapshot.apply(support::a_slice("a", "slice"));
  auto moved = support::a_slice("b", "slice");
  snapshot.apply(moved);

  EXPECT_FALSE(snapshot.slices_of_service.find("default/a"));
  EXPECT_TRUE(snapshot.slices_of_service.find("default/b"));
  snapshot.apply(gone<EndpointSlice>("default/slice"));
  EXPECT_EQ(snapshot.slices_of_service.size(), 0u);
}

TEST(ModelSnapshot, ProblemsOfOneOriginNeverMeetThoseOfAnother) {
  Snapshot snapshot;
  snapshot.apply(put_problem(Origin::kObjects, "settings/0", {"file settings/0", "broken", ""}));
  snapshot.apply(put_problem(Origin::kSettings, "0", {"values.yaml:3", "unknown key", ""}));

  EXPECT_EQ(snapshot.table<Problem>().size(), 2u);
  snapshot.apply(gone_problem(Origin::kObjects, "settings/0"));
  EXPECT_EQ((*snapshot.table<Problem>().begin()).second->origin, Origin::kSettings);
}

}  // namespace
}  // namespace model
