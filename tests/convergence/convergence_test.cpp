#include <gtest/gtest.h>

#include "convergence/world.h"

namespace {

using convergence::Agent;
using convergence::World;

constexpr int kSteps = 60;

// The state that an agent reaches which was only ever told the end of the story.
std::string straight(World& world) {
  support::FakeKernel kernel;
  base::BootTime now{1};
  Agent agent(kernel, now);
  agent.tell(world.all());
  agent.sync(world.random());
  agent.settle();
  return kernel.text();
}

std::string wandering(World& world, bool failing, bool restarting) {
  support::FakeKernel kernel;
  base::BootTime now{1};
  if (failing) kernel.fails = [&world] { return world.random()() % 4 == 0; };
  Agent agent(kernel, now);
  agent.tell(world.all());
  agent.sync(world.random());
  for (int i = 0; i < kSteps; ++i) {
    agent.tell({world.step()});
    now += std::chrono::milliseconds(world.random()() % 300);
    if (restarting && world.random()() % 10 == 0) agent.restart(world);
  }
  agent.settle();
  kernel.fails = [] { return false; };
  agent.settle();
  return kernel.text();
}

class Convergence : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Convergence, testing::Range(1u, 25u));

TEST_P(Convergence, AnyOrderOfEventsEndsInTheStateOfTheLast) {
  World world(GetParam());
  std::string reached = wandering(world, false, false);
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, AlsoWhenWritesFailNowAndThen) {
  World world(GetParam());
  std::string reached = wandering(world, true, false);
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, AlsoWhenTheAgentIsRestartedInBetween) {
  World world(GetParam());
  std::string reached = wandering(world, true, true);
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, ARestartOfWhatIsRightWritesNothing) {
  World world(GetParam());
  support::FakeKernel kernel;
  base::BootTime now{1};
  Agent agent(kernel, now);
  for (int i = 0; i < kSteps; ++i) world.step();
  agent.tell(world.all());
  agent.sync(world.random());
  agent.settle();
  uint64_t before = kernel.all_writes();
  ASSERT_GT(before, 0u);

  agent.restart(world);
  agent.settle();

  EXPECT_EQ(kernel.all_writes(), before);
}

TEST(Convergence, NothingIsRemovedBeforeEverySourceHasSynced) {
  World world(3);
  support::FakeKernel kernel;
  base::BootTime now{1};
  auto foreign = model::desired::Route{*base::parse_cidr("10.99.0.0/24"), *base::parse_ip("192.168.42.99"), "eth0", {}};
  kernel.of<model::desired::Route>()[foreign.key()] = foreign;
  Agent agent(kernel, now);

  agent.tell(world.all());
  agent.settle();
  EXPECT_TRUE(kernel.of<model::desired::Route>().contains(foreign.key()));
  agent.sync(world.random());
  agent.settle();
  EXPECT_FALSE(kernel.of<model::desired::Route>().contains(foreign.key()));
}

}  // namespace
