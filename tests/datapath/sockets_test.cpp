// The socket programs with real sockets: what the application sees, and which backend it talks to.
#include "support/sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include "abi/drop_reasons.h"
#include "io/kernel/bpf_address.h"
#include "io/kernel/service_maps.h"
#include "support/datapath.h"

namespace {

using namespace support;

constexpr uint16_t kServicePort = 80;

// How an application may reach a service: the third is an IPv6 socket that calls an IPv4 address.
struct Way {
  const char* name;
  int family;
  const char *frontend, *backend;
};

class DatapathSockets : public DatapathTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    attach_sockets();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(maps_.open().ok());
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

  io::kernel::PinnedServiceMaps maps_{bpf_root_};
  uint32_t next_slot_ = 5, next_backend_ = 3, generation_ = 0;
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
