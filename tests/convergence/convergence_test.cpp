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

struct Weather {
  uint32_t failing_writes = 0, failing_reads = 0;  // one in so many; 0: none
  bool restarts = false;
};

std::string wandering(World& world, Weather weather) {
  support::FakeKernel kernel;
  base::BootTime now{1};
  auto one_in = [&world](uint32_t many) { return [&world, many] { return many && world.random()() % many == 0; }; };
  kernel.fails = one_in(weather.failing_writes);
  kernel.unreadable = one_in(weather.failing_reads);
  // At no moment does a frontend lead to a number that is free, or to a slot without a backend.
  kernel.services.after_write = [&kernel] { ASSERT_EQ(kernel.services.dangling(), ""); };
  Agent agent(kernel, now);
  agent.tell(world.all());
  agent.sync(world.random());
  for (int i = 0; i < kSteps; ++i) {
    agent.tell({world.step()});
    now += std::chrono::milliseconds(world.random()() % 300);
    if (weather.restarts && world.random()() % 10 == 0) agent.restart(world);
  }
  agent.settle();
  kernel.fails = kernel.unreadable = [] { return false; };
  agent.settle();
  return kernel.text();
}

class Convergence : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Convergence, testing::Range(1u, 25u));

TEST_P(Convergence, AnyOrderOfEventsEndsInTheStateOfTheLast) {
  World world(GetParam());
  std::string reached = wandering(world, {});
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, AlsoWhenWritesFailNowAndThen) {
  World world(GetParam());
  std::string reached = wandering(world, {.failing_writes = 4});
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, AlsoWhenReadsFailNowAndThen) {
  World world(GetParam());
  std::string reached = wandering(world, {.failing_writes = 4, .failing_reads = 20, .restarts = true});
  EXPECT_EQ(reached, straight(world));
}

TEST_P(Convergence, AlsoWhenTheAgentIsRestartedInBetween) {
  World world(GetParam());
  std::string reached = wandering(world, {.failing_writes = 4, .restarts = true});
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
