#include "support/sockets.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace support {
namespace {

constexpr int kPatienceMs = 5000;

class Address {
 public:
  Address(int family, const Endpoint& endpoint) {
    if (family == AF_INET) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage_);
      v4.sin_family = AF_INET, v4.sin_port = htons(endpoint.port), v4.sin_addr.s_addr = endpoint.ip.v4_be();
      size_ = sizeof v4;
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage_);
      v6.sin6_family = AF_INET6, v6.sin6_port = htons(endpoint.port);
      std::memcpy(&v6.sin6_addr, endpoint.ip.bytes.data(), 16);
      size_ = sizeof v6;
    }
  }
  Address() = default;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t* size() { return &size_; }
  Endpoint endpoint() const {
    Endpoint endpoint;
    if (storage_.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage_);
      return {base::Ip::from_v4_be(v4.sin_addr.s_addr), ntohs(v4.sin_port)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage_);
    std::memcpy(endpoint.ip.bytes.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof storage_;
};

}  // namespace

Server serve(int type, const char* address, int protocol) {
  base::Ip ip = *base::parse_ip(address);
  int family = ip.is_v4() ? AF_INET : AF_INET6;
  Server server{base::Fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)), {}};
  Address bound(family, {ip, 0});
  EXPECT_EQ(bind(server.fd.get(), bound.get(), *bound.size()), 0) << strerror(errno);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(server.fd.get(), 128), 0);
  }
  getsockname(server.fd.get(), bound.get(), bound.size());
  server.endpoint = bound.endpoint();
  return server;
}

bool wait_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, kPatienceMs) == 1;
}

base::Fd client(int family, int type, int protocol) { return base::Fd(socket(family, type | SOCK_CLOEXEC, protocol)); }

int connect_to(const base::Fd& fd, int family, const Endpoint& peer) {
  Address address(family, peer);
  return connect(fd.get(), address.get(), *address.size()) == 0 ? 0 : errno;
}
int disconnect(const base::Fd& fd) {
  sockaddr nowhere = {};
  nowhere.sa_family = AF_UNSPEC;
  return connect(fd.get(), &nowhere, sizeof nowhere) == 0 ? 0 : errno;
}
int send_to(const base::Fd& fd, int family, const Endpoint& peer) {
  Address address(family, peer);
  return sendto(fd.get(), "?", 1, 0, address.get(), *address.size()) == 1 ? 0 : errno;
}

Endpoint peer_name(const base::Fd& fd) {
  Address peer;
  EXPECT_EQ(getpeername(fd.get(), peer.get(), peer.size()), 0) << strerror(errno);
  return peer.endpoint();
}

Endpoint receive(const base::Fd& fd) {
  Address sender;
  char byte;
  EXPECT_TRUE(wait_readable(fd.get()));
  EXPECT_EQ(recvfrom(fd.get(), &byte, 1, MSG_DONTWAIT, sender.get(), sender.size()), 1) << strerror(errno);
  return sender.endpoint();
}

void answer(const Server& server) {
  Endpoint from = receive(server.fd);
  EXPECT_EQ(send_to(server.fd, server.endpoint.ip.is_v4() ? AF_INET : AF_INET6, from), 0);
}

int reached(const std::vector<Server>& servers) {
  std::vector<pollfd> waiting;
  for (const auto& server : servers) waiting.push_back({server.fd.get(), POLLIN, 0});
  poll(waiting.data(), waiting.size(), kPatienceMs);
  for (size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].revents & POLLIN) return static_cast<int>(i);
  return -1;
}

}  // namespace support
