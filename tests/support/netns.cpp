#include "support/netns.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace support {
namespace {

constexpr int kPatienceMs = 2000;

base::Fd datagram_socket(int netns) {
  std::optional<io::kernel::NetnsVisit> visit;
  if (netns >= 0) {
    auto entered = io::kernel::NetnsVisit::enter(netns);
    if (!entered) return {};
    visit.emplace(std::move(entered).value());
  }
  return base::Fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));  // takes IPv4 as ::ffff:a.b.c.d too
}

bool arrives(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, kPatienceMs) == 1;
}

std::string failure(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

}  // namespace

void NetnsTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
  auto made = io::kernel::make_netns();
  ASSERT_TRUE(made) << made.error().text;
  netns_ = std::move(made).value();
  auto entered = io::kernel::NetnsVisit::enter(netns_.get());
  ASSERT_TRUE(entered) << entered.error().text;
  visit_.emplace(std::move(entered).value());
  ASSERT_TRUE(run("ip link set lo up"));
}

void NetnsTest::TearDown() { visit_.reset(); }

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return output;
  char bytes[4096];
  while (size_t size = fread(bytes, 1, sizeof bytes, pipe)) output.append(bytes, size);
  pclose(pipe);
  return output;
}

std::optional<std::string> exchange_datagrams(int from_netns, int to_netns, const base::Ip& to) {
  base::Fd client = datagram_socket(from_netns);
  base::Fd server = datagram_socket(to_netns);
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  address.sin6_family = AF_INET6;
  std::memcpy(&address.sin6_addr, to.bytes.data(), to.bytes.size());
  if (bind(server.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return failure("bind");
  getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size);
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return failure("connect");
  if (send(client.get(), "to", 2, 0) != 2) return failure("send");
  if (!arrives(server.get())) return "nothing arrives at " + base::to_string(to);
  char bytes[8];
  if (recvfrom(server.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&address), &size) != 2) return failure("receive");
  if (sendto(server.get(), "back", 4, 0, reinterpret_cast<sockaddr*>(&address), size) != 4) return failure("answer");
  if (!arrives(client.get())) return "no answer comes back from " + base::to_string(to);
  return std::nullopt;
}

}  // namespace support
