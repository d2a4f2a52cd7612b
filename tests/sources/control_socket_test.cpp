// RUN-DIR/agent.sock with callers that say nothing: they hold nobody, and are let go.
#include "sources/cni/control_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/temporary_directory.h"

namespace sources::cni {
namespace {

class ControlSocketOfMutes : public testing::Test {
 protected:
  ControlSocketOfMutes() : path_(directory_.path() + "/agent.sock"), other_(::eventfd(0, EFD_CLOEXEC)) {}

  base::Fd connect() const { return io::cni::connect_to(path_, base::Millis(20'000)).value(); }
  static bool is_let_go(const base::Fd& caller) {
    pollfd watched{caller.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1 && (watched.revents & POLLHUP);
  }

  support::TemporaryDirectory directory_;
  std::string path_;
  base::Fd other_;
  std::vector<std::string> heard_;
  ControlSocket::Callbacks callbacks_{[this](ConnectionId, const io::cni::Received& received) { heard_.push_back(received.text); },
                                      [](ConnectionId) { ADD_FAILURE() << "nobody who spoke has hung up"; }};
};

TEST_F(ControlSocketOfMutes, WhoSaysNothingIsLetGoAndWhoSpokeIsNot) {
  ControlSocket socket(io::cni::listen_at(path_).value(), path_, base::Millis(300));
  base::Fd mute = connect(), speaker = connect();
  ASSERT_TRUE(io::cni::send_message(speaker.get(), "hello", -1).ok());

  while (!is_let_go(mute)) socket.turn(other_.get(), [] {}, callbacks_);

  EXPECT_EQ(heard_, std::vector<std::string>{"hello"});
  EXPECT_FALSE(is_let_go(speaker));
}

TEST_F(ControlSocketOfMutes, ManyOfThemKeepNobodyOutForLong) {
  ControlSocket socket(io::cni::listen_at(path_).value(), path_, base::Millis(300));
  std::vector<base::Fd> mutes;
  for (int i = 0; i < 600; ++i) {  // more than are attended to at once
    mutes.push_back(connect());
    if (i % 50 == 0) ::eventfd_write(other_.get(), 1), socket.turn(other_.get(), [] {}, callbacks_);
  }
  base::Fd speaker = connect();
  ASSERT_TRUE(io::cni::send_message(speaker.get(), "hello", -1).ok());
  eventfd_t count = 0;
  ::eventfd_read(other_.get(), &count);

  while (heard_.empty()) socket.turn(other_.get(), [] {}, callbacks_);
}

}  // namespace
}  // namespace sources::cni
