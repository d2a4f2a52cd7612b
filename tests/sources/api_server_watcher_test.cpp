// A thread that waits for a server which is away: another's answer ends its wait, and its own ends the others'.
#include <gtest/gtest.h>

#include "sources/api_server/watcher.h"
#include "support/fake_api_connection.h"

namespace sources::api_server {
namespace {

struct Seen {
  base::Mailbox<std::string> mailbox;

  Watcher::Callbacks callbacks() {
    return {[this](Events events) {
              for (const auto& event : events)
                if (const auto* trouble = std::get_if<Trouble>(&event)) mailbox.push(trouble->text);
            },
            [this] { mailbox.push("reached"); }};
  }
  std::vector<std::string> next() { return mailbox.take(base::boot_now() + base::Millis(20'000)); }
};

// The pauses of so many failures are minutes together.
TEST(ApiServerWatcher, WaitsNoLongerOnceTheServerIsReached) {
  support::FakeApi api;
  api.go_away();
  Seen seen;
  Watcher watcher(1, "one", "", api.connect(), seen.callbacks());
  ASSERT_TRUE(watcher.start().ok());
  for (int i = 0; i < 12; ++i) {
    ASSERT_EQ(seen.next(), std::vector<std::string>{"connection refused"}) << i;
    if (i == 11) api.come_back();
    watcher.retry();
  }

  EXPECT_EQ(seen.next(), std::vector<std::string>{"reached"});
}

TEST(ApiServerWatcher, AServerThatRefusedIsNotAskedAgainForAnothersAnswer) {
  support::FakeApi api;
  api.forbid("/api/v1/nodes");
  Seen seen;
  Watcher watcher(2, "one", "", api.connect(), seen.callbacks());
  ASSERT_TRUE(watcher.start().ok());
  EXPECT_EQ(seen.next().size(), 1U);
  for (int i = 0; i < 100; ++i) watcher.retry();
  watcher.stop();
  watcher.join();

  EXPECT_LE(seen.mailbox.take(base::boot_now()).size(), 2U);
}

}  // namespace
}  // namespace sources::api_server
