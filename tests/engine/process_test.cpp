// What outlives a life of the engine, and what does not.
#include "engine/process.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace engine {
namespace {

TEST(EngineProcess, FactsOfALifeThatHasEndedDoNotReachTheNext) {
  Process process("127.0.0.1:0");
  auto ended = process.begin_life();
  ended({});
  auto sink = process.begin_life();
  ended({});
  sink({});

  EXPECT_EQ(process.take(base::boot_now()).size(), 1u);
}

TEST(EngineProcess, AThreadThatCannotBeMadeIsAnErrorAndASecondStartIsNone) {
  base::Thread thread;
  int runs = 0;
  ASSERT_TRUE(thread.start([&runs] { ++runs; }));
  EXPECT_TRUE(thread.start([&runs] { ++runs; }));
  thread.join();
  EXPECT_EQ(runs, 1);
}

// In a process of its own: what the limit takes is taken from every thread of it. Root is not limited.
TEST(EngineProcessDeathTest, WithoutAThreadToBeHadTheProcessGoesOn) {
  auto starve = [] {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (getuid() == 0 && setuid(65534) != 0)) std::_Exit(1);
    Process process("127.0.0.1:0");
    (void)process.take(base::boot_now());
    std::_Exit(0);
  };
  EXPECT_EXIT(starve(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace engine
