// A machine that slept has not hung: the watchdog's clock stands still in a suspend. A time namespace stands in for the suspend, which
// moves the clock of the time since boot in the same way (time_namespaces(7)).
#include "engine/watchdog.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace engine {
namespace {

constexpr base::Millis kSlept{600'000};

struct Clocks {
  base::Millis since_boot, awake;
};
Clocks clocks() { return {base::boot_now(), awake_now()}; }

// What a process reads that slept so long more than this one. Runs in a child: a process with threads cannot change its clocks.
void read_clocks_asleep(int result) {
  if (::unshare(CLONE_NEWTIME) != 0) ::_exit(1);
  std::ofstream("/proc/self/timens_offsets") << "boottime " << kSlept.count() / 1000 << " 0\n";
  if (pid_t child = ::fork(); child != 0) {
    int status = 1;
    ::waitpid(child, &status, 0);
    ::_exit(WEXITSTATUS(status));
  }
  Clocks read = clocks();
  ::_exit(::write(result, &read, sizeof read) == sizeof read ? 0 : 1);
}

TEST(Watchdog, ItsClockStandsStillInASuspend) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Clocks before = clocks(), asleep{};
  pid_t child = ::fork();
  if (child == 0) read_clocks_asleep(ends[1]);
  int status = 1;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) != 0) GTEST_SKIP() << "needs the right to make a time namespace";
  ASSERT_EQ(::read(ends[0], &asleep, sizeof asleep), static_cast<ssize_t>(sizeof asleep));
  ::close(ends[0]);
  ::close(ends[1]);

  base::Millis elapsed = clocks().awake - before.awake;
  EXPECT_GE(asleep.since_boot - before.since_boot, kSlept);
  EXPECT_LE(asleep.awake - before.awake, elapsed);
}

}  // namespace
}  // namespace engine
