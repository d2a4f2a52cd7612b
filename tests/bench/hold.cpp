// Many connections at once, from one place to one address: opens them, says so, and keeps them until SIGTERM; then a byte goes there and
// back on each. The other end is `bench_crr serve`.
// usage: bench_hold ADDRESS:PORT|[ADDRESS]:PORT CONNECTIONS
// Prints {"opened", "failed"} when all were tried, and {"alive", "broken"} at the end.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/fd.h"
#include "target.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAtOnce = 128;
constexpr std::chrono::milliseconds kPatience{4'000};  // a SYN is sent again after 1 and 3 s

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_hold: %s: %s\n", what.c_str(), strerror(errno));
  std::exit(1);
}

bool wait_for(int fd, short what, Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  pollfd wanted = {.fd = fd, .events = what, .revents = 0};
  return poll(&wanted, 1, std::max(0, static_cast<int>(left.count()))) == 1 && !(wanted.revents & (POLLERR | POLLHUP));
}

// A few at once; those that could not be opened are left out.
std::vector<base::Fd> open_all(const addrinfo& target, size_t count) {
  std::vector<base::Fd> open;
  for (size_t tried = 0; tried < count;) {
    std::vector<base::Fd> pending;
    for (; pending.size() < kAtOnce && tried < count; ++tried) {
      base::Fd fd(socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (fd.get() < 0) die("socket");
      if (connect(fd.get(), target.ai_addr, target.ai_addrlen) == 0 || errno == EINPROGRESS) pending.push_back(std::move(fd));
    }
    const auto end = Clock::now() + kPatience;
    for (auto& fd : pending) {
      int error = 0;
      socklen_t size = sizeof error;
      if (wait_for(fd.get(), POLLOUT, end) && getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
        open.push_back(std::move(fd));
    }
  }
  return open;
}

size_t count_alive(const std::vector<base::Fd>& connections) {
  size_t alive = 0;
  char byte = 'x';
  for (const auto& fd : connections)
    if (send(fd.get(), &byte, 1, MSG_NOSIGNAL) == 1 && wait_for(fd.get(), POLLIN, Clock::now() + kPatience) &&
        recv(fd.get(), &byte, 1, 0) == 1)
      ++alive;
  return alive;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 64;
  const auto wanted = static_cast<size_t>(std::strtoul(arguments[2], nullptr, 10));
  const rlimit files{wanted + 64, wanted + 64};
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) die("descriptors");
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  addrinfo* target = bench::parse_target(arguments[1]);
  if (!target) die(arguments[1]);
  const auto connections = open_all(*target, wanted);
  freeaddrinfo(target);
  std::printf("{\"opened\": %zu, \"failed\": %zu}\n", connections.size(), wanted - connections.size());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end, &signal);
  const size_t alive = count_alive(connections);
  std::printf("{\"alive\": %zu, \"broken\": %zu}\n", alive, connections.size() - alive);
  return 0;
}
