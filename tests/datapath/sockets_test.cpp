// The socket programs with real sockets: what the application sees, and which backend it talks to.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include "abi/drop_reasons.h"
#include "io/kernel/attachments.h"
#include "io/kernel/bpf_address.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/service_maps.h"
#include "support/datapath.h"

namespace {

constexpr int kPatienceMs = 5000;
constexpr uint16_t kServicePort = 80;

struct Endpoint {
  base::Ip ip;
  uint16_t port = 0;  // host order

  bool operator==(const Endpoint&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Endpoint& endpoint) {
  return out << base::to_string(endpoint.ip) << " port " << endpoint.port;
}

// How an application may reach a service: the third is an IPv6 socket that calls an IPv4 address.
struct Way {
  const char* name;
  int family;
  const char *frontend, *backend;
};

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

struct Server {
  base::Fd fd;
  Endpoint endpoint;
};

Server serve(int type, const char* address) {
  base::Ip ip = *base::parse_ip(address);
  int family = ip.is_v4() ? AF_INET : AF_INET6;
  Server server{base::Fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), {}};
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

base::Fd client(int family, int type) { return base::Fd(socket(family, type | SOCK_CLOEXEC, 0)); }

// 0 or the errno.
int connect_to(const base::Fd& fd, int family, const Endpoint& peer) {
  Address address(family, peer);
  return connect(fd.get(), address.get(), *address.size()) == 0 ? 0 : errno;
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

// Takes one datagram; returns who sent it.
Endpoint receive(const base::Fd& fd) {
  Address sender;
  char byte;
  EXPECT_TRUE(wait_readable(fd.get()));
  EXPECT_EQ(recvfrom(fd.get(), &byte, 1, 0, sender.get(), sender.size()), 1) << strerror(errno);
  return sender.endpoint();
}

// The server takes one datagram and sends one back to where it came from.
void answer(const Server& server) {
  Endpoint from = receive(server.fd);
  EXPECT_EQ(send_to(server.fd, server.endpoint.ip.is_v4() ? AF_INET : AF_INET6, from), 0);
}

// Which of the servers has something to read; -1: none.
int reached(const std::vector<Server>& servers) {
  std::vector<pollfd> waiting;
  for (const auto& server : servers) waiting.push_back({server.fd.get(), POLLIN, 0});
  poll(waiting.data(), waiting.size(), kPatienceMs);
  for (size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].revents & POLLIN) return static_cast<int>(i);
  return -1;
}

class DatapathSockets : public support::DatapathTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    load_datapath();
    cgroup_.emplace();
    if (cgroup_->path().empty()) GTEST_SKIP() << "needs a cgroup2 tree";
    using model::desired::Hook;
    io::kernel::AttachmentStore attachments(bpf_root_);
    for (Hook hook : {Hook::kConnect4, Hook::kConnect6, Hook::kSendmsg4, Hook::kSendmsg6, Hook::kRecvmsg4, Hook::kRecvmsg6,
                      Hook::kGetpeername4, Hook::kGetpeername6}) {
      auto put = attachments.put({.hook = hook, .target = cgroup_->path(), .generation = io::kernel::program_generation()}, nullptr);
      ASSERT_TRUE(put.ok()) << put.error().text;
    }
    ASSERT_TRUE(maps_.open().ok());
  }
  void TearDown() override {
    cgroup_.reset();
    DatapathTest::TearDown();
  }

  Endpoint frontend() const { return {*base::parse_ip(GetParam().frontend), kServicePort}; }
  int family() const { return GetParam().family; }

  // A region of slots with these backends, not yet in use.
  service_handle region(const std::vector<Server>& servers) {
    uint32_t base = next_slot_;
    for (const auto& server : servers) {
      EXPECT_TRUE(
          maps_
              .set_backend(
                  next_backend_,
                  {.address = io::kernel::to_abi(server.endpoint.ip), .port_be = htons(server.endpoint.port), .zero = 0, .zero2 = 0})
              .ok());
      EXPECT_TRUE(maps_.set_slot(next_slot_++, next_backend_++).ok());
    }
    return service_handle_pack(base, servers.size(), ++generation_);
  }
  void publish(uint8_t protocol, service_handle handle) {
    uint32_t number = protocol;
    EXPECT_TRUE(maps_.set_handle(number, handle).ok());
    EXPECT_TRUE(
        maps_
            .put_frontend({.address = io::kernel::to_abi(frontend().ip), .port_be = htons(kServicePort), .protocol = protocol, .zero = 0},
                          number)
            .ok());
  }
  std::vector<Server> start(int type, size_t count) {
    std::vector<Server> servers;
    for (size_t i = 0; i < count; ++i) servers.push_back(serve(type, GetParam().backend));
    publish(type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, region(servers));
    return servers;
  }

  uint64_t drops(uint32_t reason) {
    std::vector<uint64_t> lanes(libbpf_num_possible_cpus());
    auto fd = io::kernel::open_map(bpf_root_, "drops");
    EXPECT_EQ(bpf_map_lookup_elem(fd->get(), &reason, lanes.data()), 0);
    uint64_t sum = 0;
    for (uint64_t lane : lanes) sum += lane;
    return sum;
  }

  io::kernel::PinnedServiceMaps maps_{bpf_root_};
  uint32_t next_slot_ = 5, next_backend_ = 3, generation_ = 0;
  std::optional<support::OwnCgroup> cgroup_;
};

INSTANTIATE_TEST_SUITE_P(Ways, DatapathSockets,
                         testing::Values(Way{"IPv4", AF_INET, "10.96.0.10", "127.0.0.1"}, Way{"IPv6", AF_INET6, "fd00:96::10", "::1"},
                                         Way{"IPv4BehindIPv6", AF_INET6, "10.96.0.10", "127.0.0.1"}),
                         [](const auto& way) { return std::string(way.param.name); });

}  // namespace

TEST_P(DatapathSockets, TcpTalksToABackendAndSeesTheFrontend) {
  auto servers = start(SOCK_STREAM, 1);
  base::Fd socket = client(family(), SOCK_STREAM);

  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);

  EXPECT_EQ(peer_name(socket), frontend());
  ASSERT_TRUE(wait_readable(servers[0].fd.get()));
  base::Fd accepted(accept(servers[0].fd.get(), nullptr, nullptr));
  EXPECT_EQ(write(accepted.get(), "!", 1), 1);
  EXPECT_TRUE(wait_readable(socket.get()));
}

TEST_P(DatapathSockets, ConnectedUdpSeesTheFrontend) {
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);

  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
  ASSERT_EQ(send(socket.get(), "?", 1, 0), 1);
  answer(servers[0]);

  EXPECT_EQ(peer_name(socket), frontend());
  EXPECT_EQ(receive(socket), frontend());
}

TEST_P(DatapathSockets, UnconnectedUdpHearsTheFrontendAndStaysWithOneBackend) {
  auto servers = start(SOCK_DGRAM, 5);
  base::Fd socket = client(family(), SOCK_DGRAM);
  std::set<int> seen;

  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(send_to(socket, family(), frontend()), 0);
    int server = reached(servers);
    ASSERT_GE(server, 0);
    seen.insert(server);
    answer(servers[server]);
    EXPECT_EQ(receive(socket), frontend());
  }

  EXPECT_EQ(seen.size(), 1U);
}

TEST_P(DatapathSockets, UdpSocketsSpreadOverBackends) {
  auto servers = start(SOCK_DGRAM, 3);
  std::set<int> seen;

  for (int i = 0; i < 100; ++i) {
    base::Fd socket = client(family(), SOCK_DGRAM);
    ASSERT_EQ(send_to(socket, family(), frontend()), 0);
    int server = reached(servers);
    ASSERT_GE(server, 0);
    receive(servers[server].fd);
    seen.insert(server);
  }

  EXPECT_EQ(seen.size(), 3U);
}

TEST_P(DatapathSockets, TcpConnectionsSpreadOverBackends) {
  constexpr int kConnections = 300, kLeast = 60;  // a third each; five standard deviations below
  auto servers = start(SOCK_STREAM, 3);
  std::vector<int> counts(servers.size());

  for (int i = 0; i < kConnections; ++i) {
    base::Fd socket = client(family(), SOCK_STREAM);
    ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
    int server = reached(servers);
    ASSERT_GE(server, 0);
    base::Fd accepted(accept(servers[server].fd.get(), nullptr, nullptr));
    ++counts[server];
  }

  for (int count : counts) EXPECT_GE(count, kLeast);
}

TEST_P(DatapathSockets, WithoutAnEndpointTheCallIsRefusedAtOnce) {
  publish(IPPROTO_TCP, service_handle_pack(0, 0, 1));
  publish(IPPROTO_UDP, service_handle_pack(0, 0, 1));

  EXPECT_EQ(connect_to(client(family(), SOCK_STREAM), family(), frontend()), ECONNREFUSED);
  EXPECT_EQ(connect_to(client(family(), SOCK_DGRAM), family(), frontend()), ECONNREFUSED);
  EXPECT_EQ(send_to(client(family(), SOCK_DGRAM), family(), frontend()), ECONNREFUSED);

  EXPECT_EQ(drops(DROP_NO_ENDPOINT), 3U);
}

TEST_P(DatapathSockets, SlotThatNamesNoBackendIsRefusedAndCounted) {
  ASSERT_TRUE(maps_.set_slot(0, 1000).ok());
  publish(IPPROTO_TCP, service_handle_pack(0, 1, 1));

  EXPECT_EQ(connect_to(client(family(), SOCK_STREAM), family(), frontend()), ECONNREFUSED);

  EXPECT_EQ(drops(DROP_STALE_BACKEND), 1U);
}

TEST_P(DatapathSockets, WhatIsNoServiceIsLeftAlone) {
  start(SOCK_STREAM, 1);
  Server other = serve(SOCK_STREAM, GetParam().backend);
  base::Fd socket = client(family(), SOCK_STREAM);

  ASSERT_EQ(connect_to(socket, family(), other.endpoint), 0);
  EXPECT_EQ(peer_name(socket), other.endpoint);
  EXPECT_EQ(connect_to(client(family(), SOCK_DGRAM), family(), frontend()), ENETUNREACH);  // TCP's frontend is not UDP's
}

TEST_P(DatapathSockets, SocketThatConnectsElsewhereForgetsTheFrontend) {
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);
  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);

  ASSERT_EQ(connect_to(socket, family(), servers[0].endpoint), 0);
  ASSERT_EQ(send(socket.get(), "?", 1, 0), 1);
  answer(servers[0]);

  EXPECT_EQ(peer_name(socket), servers[0].endpoint);
  EXPECT_EQ(receive(socket), servers[0].endpoint);
}

TEST_P(DatapathSockets, SocketThatDisconnectsForgetsTheFrontend) {
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);
  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
  sockaddr nowhere = {};
  nowhere.sa_family = AF_UNSPEC;
  ASSERT_EQ(connect(socket.get(), &nowhere, sizeof nowhere), 0);

  ASSERT_EQ(send_to(socket, family(), servers[0].endpoint), 0);
  answer(servers[0]);

  EXPECT_EQ(receive(socket), servers[0].endpoint);
}

TEST_P(DatapathSockets, SenderIsNamedAsItWasCalledLast) {
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);

  for (const Endpoint& called : {frontend(), servers[0].endpoint, frontend()}) {
    ASSERT_EQ(send_to(socket, family(), called), 0);
    answer(servers[0]);
    EXPECT_EQ(receive(socket), called);
  }
}

TEST_P(DatapathSockets, SetOfBackendsChangesInOneStoreUnderRunningConnects) {
  constexpr int kConnects = 500;
  auto old_set = start(SOCK_STREAM, 1);
  std::vector<Server> new_set;
  for (int i = 0; i < 2; ++i) new_set.push_back(serve(SOCK_STREAM, GetParam().backend));
  service_handle handles[] = {maps_.handle(IPPROTO_TCP).value(), region(new_set)};
  std::atomic<bool> enough = false;
  std::atomic<int> failures = 0, connects = 0;
  std::thread caller([&] {
    while (!enough) {
      base::Fd socket = client(family(), SOCK_STREAM);
      failures += connect_to(socket, family(), frontend()) != 0;
      ++connects;
      for (const auto* set : {&old_set, &new_set})
        for (const auto& server : *set) base::Fd accepted(accept(server.fd.get(), nullptr, nullptr));
    }
  });

  for (int i = 0; connects < kConnects; ++i) EXPECT_TRUE(maps_.set_handle(IPPROTO_TCP, handles[i % 2]).ok());
  enough = true;
  caller.join();

  EXPECT_EQ(failures, 0);
  ASSERT_TRUE(maps_.set_handle(IPPROTO_TCP, handles[1]).ok());
  for (int i = 0; i < 20; ++i) {
    base::Fd socket = client(family(), SOCK_STREAM);
    ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
    int server = reached(new_set);
    ASSERT_GE(server, 0);
    base::Fd accepted(accept(new_set[server].fd.get(), nullptr, nullptr));
  }
}
