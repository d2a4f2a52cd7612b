#include "sources/canary_try.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "io/kernel/cgroups.h"
#include "model/canary.h"

namespace sources {
namespace {

std::string service() { return base::to_string(model::kCanaryServiceAddress) + ":" + std::to_string(model::kCanaryServicePort); }

base::Result<void> begin_connect(int fd, const sockaddr* address, socklen_t size) {
  if (connect(fd, address, size) != 0 && errno != EINPROGRESS) return base::errno_error("connect to " + service());
  return {};
}

base::Result<void> connect_v4(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(model::kCanaryServicePort);
  address.sin_addr.s_addr = model::kCanaryServiceAddress.v4_be();
  return begin_connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

base::Result<void> connect_v4_mapped(int fd) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(model::kCanaryServicePort);
  std::memcpy(&address.sin6_addr, model::kCanaryServiceAddress.bytes.data(), model::kCanaryServiceAddress.bytes.size());
  return begin_connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

}  // namespace

CanaryTry::CanaryTry(std::string from, int cgroup, int netns, std::string greeting)
    : from_(std::move(from)), greeting_(std::move(greeting)) {
  auto begun = begin(cgroup, netns);
  if (!begun) fail(begun.error().text);
}

// The host tries the IPv4 hook, the pod the IPv6 one with a v4-mapped address, as dual-stack programs do; a kernel without IPv6 has
// one hook only.
base::Result<void> CanaryTry::begin(int cgroup, int netns) {
  if (netns >= 0) {
    auto made = io::kernel::make_tcp_socket(cgroup, netns, AF_INET6);
    if (made || made.error().code != EAFNOSUPPORT) {
      socket_ = TRY(std::move(made));
      return connect_v4_mapped(socket_.get());
    }
  }
  socket_ = TRY(io::kernel::make_tcp_socket(cgroup, netns, AF_INET));
  return connect_v4(socket_.get());
}

short CanaryTry::events() const { return connected_ ? POLLIN : POLLOUT; }

void CanaryTry::give_up() {
  if (!outcome_) fail((connected_ ? "no greeting from " : "no connection to ") + service() + " in time");
}

void CanaryTry::advance() {
  if (outcome_) return;
  if (connected_) return read_greeting();
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail("connect to " + service() + ": " + std::strerror(error));
  connected_ = true;
}

void CanaryTry::read_greeting() {
  char bytes[64];
  ssize_t size = recv(socket_.get(), bytes, sizeof bytes, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) return fail("read from " + service() + ": " + std::strerror(errno));
  received_.append(bytes, static_cast<size_t>(size));
  bool is_ours_so_far = greeting_.starts_with(received_);
  if (received_ == greeting_)
    outcome_ = "";
  else if (size == 0 || !is_ours_so_far)
    fail("somebody else answered at " + service());
}

}  // namespace sources
