// The socket programs with real sockets: what the application sees, and which backend it talks to.
#include "support/sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include "abi/drop_reasons.h"
#include "abi/sockets.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"
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

class DatapathSockets : public AttachedSocketsTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    AttachedSocketsTest::SetUp();
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
              .set_backend(next_backend_,
                           {.address = model::to_abi(server.endpoint.ip), .port_be = htons(server.endpoint.port), .zero = 0, .node = 0})
              .ok());
      EXPECT_TRUE(maps_.set_slot(next_slot_++, {.backend = next_backend_++, .other = 0}).ok());
    }
    return service_handle_pack(base, servers.size(), ++generation_);
  }
  void publish(uint8_t protocol, service_handle handle) { publish(protocol, handle, protocol, frontend()); }
  void publish(uint8_t protocol, service_handle handle, uint32_t number, const Endpoint& frontend) {
    EXPECT_TRUE(maps_.set_handle(number, handle).ok());
    EXPECT_TRUE(maps_.put_frontend(key_of(protocol, frontend), {.callers = number, .arrivals = 0}).ok());
  }
  static frontend_key key_of(uint8_t protocol, const Endpoint& frontend) {
    return {.address = model::to_abi(frontend.ip), .port_be = htons(frontend.port), .protocol = protocol, .node_port = 0};
  }

  // Services of one UDP backend each, on the ports after kServicePort.
  struct Called {
    Server server;
    Endpoint frontend;
  };
  std::vector<Called> start_services(size_t count) {
    constexpr uint32_t kFirstNumber = 20;
    std::vector<Called> services;
    for (uint16_t i = 0; i < count; ++i) {
      Called called{serve(SOCK_DGRAM, GetParam().backend), {frontend().ip, static_cast<uint16_t>(kServicePort + 1 + i)}};
      std::vector<Server> servers;
      servers.push_back(std::move(called.server));
      publish(IPPROTO_UDP, region(servers), kFirstNumber + i, called.frontend);
      called.server = std::move(servers[0]);
      services.push_back(std::move(called));
    }
    return services;
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
  ASSERT_TRUE(maps_.set_slot(0, {.backend = 1000, .other = 0}).ok());
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
  ASSERT_EQ(disconnect(socket), 0);

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

TEST_P(DatapathSockets, ConnectedUdpSeesTheFrontendAndSendsToItsBackendByThatAddressToo) {
  auto servers = start(SOCK_DGRAM, 5);

  for (int i = 0; i < 20; ++i) {
    base::Fd socket = client(family(), SOCK_DGRAM);
    ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
    ASSERT_EQ(send(socket.get(), "?", 1, 0), 1);
    int connected = reached(servers);
    ASSERT_GE(connected, 0);
    answer(servers[connected]);
    EXPECT_EQ(peer_name(socket), frontend());
    ASSERT_EQ(receive(socket), frontend());

    ASSERT_EQ(send_to(socket, family(), frontend()), 0);
    ASSERT_EQ(reached(servers), connected);
    answer(servers[connected]);
    ASSERT_EQ(receive(socket), frontend());
  }
}

TEST_P(DatapathSockets, UdpSocketConnectsToTheBackendThatItCalledBefore) {
  auto servers = start(SOCK_DGRAM, 5);

  for (int i = 0; i < 20; ++i) {
    base::Fd socket = client(family(), SOCK_DGRAM);
    ASSERT_EQ(send_to(socket, family(), frontend()), 0);
    int called = reached(servers);
    ASSERT_GE(called, 0);

    ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
    answer(servers[called]);

    ASSERT_EQ(receive(socket), frontend());
  }
}

TEST_P(DatapathSockets, ConnectionOutlivesItsFrontend) {
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);
  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);

  ASSERT_TRUE(maps_.erase_frontend(key_of(IPPROTO_UDP, frontend())).ok());

  ASSERT_EQ(send_to(socket, family(), frontend()), 0);
  answer(servers[0]);
  EXPECT_EQ(receive(socket), frontend());
  EXPECT_EQ(peer_name(socket), frontend());
}

TEST_P(DatapathSockets, ConnectedUdpMayCallAnotherServiceAndHearsOnlyItsPeer) {
  auto servers = start(SOCK_DGRAM, 1);
  auto other = start_services(1);
  base::Fd socket = client(family(), SOCK_DGRAM);
  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);

  ASSERT_EQ(send_to(socket, family(), other[0].frontend), 0);
  answer(other[0].server);  // as without translation: the kernel takes datagrams of the peer only
  ASSERT_EQ(send_to(socket, family(), frontend()), 0);
  answer(servers[0]);

  EXPECT_EQ(receive(socket), frontend());
  char byte;
  EXPECT_EQ(recv(socket.get(), &byte, 1, MSG_DONTWAIT), -1);
  ASSERT_EQ(disconnect(socket), 0);
  ASSERT_EQ(send_to(socket, family(), other[0].frontend), 0);
  answer(other[0].server);
  EXPECT_EQ(receive(socket), other[0].frontend);
}

TEST_P(DatapathSockets, SocketHearsEachOfSeveralServicesByItsName) {
  auto services = start_services(UDP_PEERS + 1);
  base::Fd socket = client(family(), SOCK_DGRAM);

  for (const auto& each : services) ASSERT_EQ(send_to(socket, family(), each.frontend), 0);

  for (size_t i = services.size(); i-- > 0;) {
    answer(services[i].server);
    EXPECT_EQ(receive(socket), i == 0 ? services[i].server.endpoint : services[i].frontend) << "the one called first made room";
  }
}

TEST_P(DatapathSockets, ServiceInUseKeepsItsNameWhileManyOthersAreCalled) {
  auto used = start(SOCK_DGRAM, 1);
  auto others = start_services(40);
  base::Fd socket = client(family(), SOCK_DGRAM);

  for (const auto& other : others) {
    ASSERT_EQ(send_to(socket, family(), frontend()), 0);
    ASSERT_EQ(send_to(socket, family(), other.frontend), 0);
    answer(used[0]);
    ASSERT_EQ(receive(socket), frontend());
    answer(other.server);
    ASSERT_EQ(receive(socket), other.frontend);
  }
}

TEST_P(DatapathSockets, OtherSocketsTakeNoRoom) {
  constexpr int kOthers = 70000;  // more than a map for the whole node would have room for
  auto servers = start(SOCK_DGRAM, 1);
  base::Fd socket = client(family(), SOCK_DGRAM);
  ASSERT_EQ(send_to(socket, family(), frontend()), 0);
  Endpoint caller = receive(servers[0].fd);

  for (int i = 0; i < kOthers; ++i) ASSERT_EQ(send_to(client(family(), SOCK_DGRAM), family(), frontend()), 0);

  ASSERT_EQ(send_to(servers[0].fd, servers[0].endpoint.ip.is_v4() ? AF_INET : AF_INET6, caller), 0);
  EXPECT_EQ(receive(socket), frontend());
}

TEST_P(DatapathSockets, TcpSocketThatCallsTheBackendNextNamesTheBackend) {
  auto servers = start(SOCK_STREAM, 1);
  base::Fd socket = client(family(), SOCK_STREAM);
  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);

  ASSERT_EQ(disconnect(socket), 0);
  ASSERT_EQ(connect_to(socket, family(), servers[0].endpoint), 0);

  EXPECT_EQ(peer_name(socket), servers[0].endpoint);
}

TEST_P(DatapathSockets, MptcpSeesTheFrontend) {
  base::Fd socket = client(family(), SOCK_STREAM, IPPROTO_MPTCP);
  if (!socket) GTEST_SKIP() << "needs a kernel with CONFIG_MPTCP";
  std::vector<Server> servers;
  servers.push_back(serve(SOCK_STREAM, GetParam().backend, IPPROTO_MPTCP));
  publish(IPPROTO_TCP, region(servers));

  ASSERT_EQ(connect_to(socket, family(), frontend()), 0);
  EXPECT_EQ(peer_name(socket), frontend());

  auto plain_tcp = start(SOCK_STREAM, 1);
  base::Fd fallen_back = client(family(), SOCK_STREAM, IPPROTO_MPTCP);
  ASSERT_EQ(connect_to(fallen_back, family(), frontend()), 0);
  EXPECT_EQ(peer_name(fallen_back), frontend());
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
