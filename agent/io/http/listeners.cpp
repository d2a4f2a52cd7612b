#include "io/http/listeners.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/ip.h"
#include "io/http/address.h"

namespace io::http {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const base::Ip& ip, int port) {
  SocketAddress address;
  if (ip.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    v4.sin_addr.s_addr = ip.v4_be();
    address.size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    std::copy(ip.bytes.begin(), ip.bytes.end(), v6.sin6_addr.s6_addr);
    address.size = sizeof v6;
  }
  return address;
}

bool set(const base::Fd& socket, int level, int option) {
  const int on = 1;
  return ::setsockopt(socket.get(), level, option, &on, sizeof on) == 0;
}

// No SO_REUSEPORT: half of the questions would reach another agent.
bool listen_at(const base::Fd& socket, SocketAddress address) {
  return set(socket, SOL_SOCKET, SO_REUSEADDR) && (address.storage.ss_family == AF_INET || set(socket, IPPROTO_IPV6, IPV6_V6ONLY)) &&
         ::bind(socket.get(), address.get(), address.size) == 0 && ::listen(socket.get(), SOMAXCONN) == 0;
}

}  // namespace

Listeners::Listeners() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

base::Result<int> Listeners::open(const std::string& address) {
  const std::string subject = "HTTP on " + address;
  const HostPort where = TRY(parse_host_port(address));
  SocketAddress bound = to_socket_address(*base::parse_ip(where.host), where.port);
  base::Fd socket(::socket(bound.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || !listen_at(socket, bound) || ::getsockname(socket.get(), bound.get(), &bound.size) != 0) return base::errno_error(subject);
  std::lock_guard lock(mutex_);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = next_}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) return base::errno_error(subject);
  listeners_.emplace(next_++, Listener{address, std::move(socket)});
  // sin_port and sin6_port lie at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port);
}

void Listeners::close(const std::string& address) {
  std::lock_guard lock(mutex_);
  auto found = std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& item) { return item.second.address == address; });
  if (found == listeners_.end()) return;
  // A child between fork and exec may still hold the socket, which then would go on waking us.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.socket.get(), nullptr);
  listeners_.erase(found);
}

base::Result<Listeners::Arrival> Listeners::accept() {
  epoll_event event{};
  while (::epoll_wait(epoll_.get(), &event, 1, 0) == 1) {
    std::lock_guard lock(mutex_);
    auto found = listeners_.find(event.data.u64);
    if (found == listeners_.end()) continue;
    base::Fd socket(::accept4(found->second.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) return Arrival{std::move(socket), found->second.address};
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) return base::errno_error("HTTP on " + found->second.address);
  }
  return base::Error{EAGAIN, "nobody waits"};
}

}  // namespace io::http
