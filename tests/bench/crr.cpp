// Connect, one byte there, one back, and away: how long one takes. Both ends run on one processor, so that a figure is the work of the
// whole path and no wake-up of another one; the client resets its connections, so that none waits for its time (RFC 1337).
// usage: bench_crr serve PORT     until it is killed; says "serving" when it listens, on both families; several may share a port
//        bench_crr call ADDRESS:PORT|[ADDRESS]:PORT MILLISECONDS     prints the microseconds of one
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/fd.h"
#include "target.h"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_crr: %s: %s\n", what.c_str(), strerror(errno));
  std::exit(1);
}

void on_last_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) die("processor");
}

[[noreturn]] void serve(uint16_t port) {
  base::Fd listener(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int off = 0, on = 1;
  setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6, address.sin6_port = htons(port);
  if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener.get(), 1024) != 0) die("listen");
  base::Fd poll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event = {.events = EPOLLIN, .data = {.fd = listener.get()}};
  epoll_ctl(poll.get(), EPOLL_CTL_ADD, listener.get(), &event);
  std::puts("serving");
  std::fflush(stdout);
  for (;;) {
    if (epoll_wait(poll.get(), &event, 1, -1) != 1) continue;
    int fd = event.data.fd;
    if (fd == listener.get()) {
      event.data.fd = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (event.data.fd >= 0) epoll_ctl(poll.get(), EPOLL_CTL_ADD, event.data.fd, &event);
      continue;
    }
    char byte;
    if (recv(fd, &byte, 1, 0) != 1 || send(fd, &byte, 1, MSG_NOSIGNAL) != 1) close(fd);
  }
}

void one(const addrinfo& target) {
  base::Fd client(socket(target.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(client.get(), target.ai_addr, target.ai_addrlen) != 0) die("connect");
  char byte = 'x';
  if (send(client.get(), &byte, 1, 0) != 1 || recv(client.get(), &byte, 1, 0) != 1) die("one byte");
}

double call(const std::string& target, std::chrono::milliseconds length) {
  addrinfo* address = bench::parse_target(target);
  if (!address) die(target);
  for (int i = 0; i < 20; ++i) one(*address);  // what is looked up once
  uint32_t count = 0;
  auto start = Clock::now(), now = start;
  for (; now < start + length; now = Clock::now(), ++count) one(*address);
  freeaddrinfo(address);
  return std::chrono::duration<double, std::micro>(now - start).count() / count;
}

}  // namespace

int main(int count, char** arguments) {
  on_last_processor();
  const std::string verb = count > 1 ? arguments[1] : "";
  if (verb == "serve" && count == 3) serve(static_cast<uint16_t>(std::atoi(arguments[2])));
  if (verb != "call" || count != 4) return 64;
  std::printf("%.3f\n", call(arguments[2], std::chrono::milliseconds(std::atoi(arguments[3]))));
  return 0;
}
