#include "io/kernel/netns.h"

#include <sys/stat.h>

#include "support/netns.h"

namespace {

class KernelNetns : public support::NetnsTest {};

ino_t identity(int netns_fd) {
  struct stat found{};
  fstat(netns_fd, &found);
  return found.st_ino;
}

TEST_F(KernelNetns, VisitEndsWhereItBegan) {
  auto home = io::kernel::open_own_netns();
  auto other = io::kernel::make_netns();
  ASSERT_TRUE(home && other);

  {
    auto visit = io::kernel::NetnsVisit::enter(other->get());
    ASSERT_TRUE(visit);
    EXPECT_EQ(identity(io::kernel::open_own_netns()->get()), identity(other->get()));
  }

  EXPECT_EQ(identity(io::kernel::open_own_netns()->get()), identity(home->get()));
  EXPECT_NE(identity(home->get()), identity(other->get()));
}

TEST_F(KernelNetns, VisitToSomethingElseIsAnErrorThatLeavesTheThreadWhereItWas) {
  auto home = io::kernel::open_own_netns();
  ASSERT_TRUE(home);

  EXPECT_FALSE(io::kernel::NetnsVisit::enter(0));

  EXPECT_EQ(identity(io::kernel::open_own_netns()->get()), identity(home->get()));
}

}  // namespace
