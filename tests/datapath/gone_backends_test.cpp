// What talks to a backend that its Service no longer has: connected UDP sockets, real ones, in the namespace of the test and in another.
#include "io/kernel/gone_backends.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>

#include "io/kernel/service_maps.h"
#include "reconcile/service_stores.h"
#include "support/datapath.h"
#include "support/sockets.h"

namespace {

using namespace support;
using io::kernel::NetnsVisit;
using io::kernel::StalePeers;
using model::desired::Backend;
using model::desired::Frontend;
using model::desired::ServiceSet;
using model::desired::SetId;

constexpr uint16_t kPort = 53;

struct Way {
  const char* name;
  int family;
  const char *frontend, *other_frontend, *backend;
};

// Services web and other, each of one UDP port, which lead to backends at ports of the loopback address.
class DatapathGoneBackends : public AttachedSocketsTest, public testing::WithParamInterface<Way> {
 protected:
  using Ports = std::vector<uint16_t>;
  Endpoint web() const { return {*base::parse_ip(GetParam().frontend), kPort}; }
  Endpoint other() const { return {*base::parse_ip(GetParam().other_frontend), kPort}; }
  std::vector<Backend> backends(const Ports& ports) const {
    std::vector<Backend> all;
    for (uint16_t port : ports) all.push_back({*base::parse_ip(GetParam().backend), port});
    return all;
  }
  void lead(const Endpoint& frontend, const Ports& ports, const Ports& leaving = {}) {
    const ServiceSet set{
        .id = SetId(base::to_string(frontend.ip)), .backends = backends(ports), .leaving = backends(leaving), .datagrams = true};
    auto put = stores_.sets->put(set, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
    put = stores_.frontends->put(
        Frontend{.address = frontend.ip, .port = frontend.port, .protocol = model::Protocol::kUdp, .callers = set.id}, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
  base::Fd connected(const Endpoint& peer) const {
    base::Fd socket = client(GetParam().family, SOCK_DGRAM);
    EXPECT_EQ(connect_to(socket, GetParam().family, peer), 0) << strerror(errno);
    return socket;
  }
  // Of all that was said to be gone.
  void cut_off(const std::vector<std::string>& namespaces = {}) {
    auto peers = StalePeers::load(bpf_root_);
    ASSERT_TRUE(peers.ok()) << peers.error().text;
    finds_namespaces_ = peers->finds_namespaces();
    auto cut = peers->cut_off(gone_, [&] { return ++asked_, namespaces; });
    EXPECT_TRUE(cut.ok()) << cut.error().text;
  }
  static bool is_cut_off(const base::Fd& socket) {
    int error = 0;
    socklen_t size = sizeof error;
    EXPECT_EQ(getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    return error == ECONNABORTED;
  }

  std::vector<gone_backend> gone_;
  int asked_ = 0;  // times for namespaces
  bool finds_namespaces_ = false;
  reconcile::ServiceStores stores_ =
      reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(
                                    bpf_root_, [this](auto backends) { gone_.insert(gone_.end(), backends.begin(), backends.end()); }),
                                base::boot_now);
};

INSTANTIATE_TEST_SUITE_P(Ways, DatapathGoneBackends,
                         testing::Values(Way{"IPv4", AF_INET, "10.96.0.10", "10.96.0.11", "127.0.0.1"},
                                         Way{"IPv6", AF_INET6, "fd00:96::10", "fd00:96::11", "::1"},
                                         Way{"IPv4BehindIPv6", AF_INET6, "10.96.0.10", "10.96.0.11", "127.0.0.1"}),
                         [](const auto& way) { return std::string(way.param.name); });

}  // namespace

TEST_P(DatapathGoneBackends, AConnectedSocketIsToldAndFindsAnotherOne) {
  lead(web(), {7001});
  base::Fd socket = connected(web());
  lead(web(), {7002});

  cut_off();

  pollfd waiting{socket.get(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 1) << "who waits for an answer is woken";
  char byte;
  EXPECT_EQ(recv(socket.get(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, ECONNABORTED);
  EXPECT_EQ(send(socket.get(), "?", 1, 0), -1);
  EXPECT_EQ(errno, EDESTADDRREQ);
  EXPECT_EQ(connect_to(socket, GetParam().family, web()), 0);
  EXPECT_EQ(send(socket.get(), "?", 1, 0), 1);
  cut_off();
  EXPECT_FALSE(is_cut_off(socket)) << "it is with a backend that is there";
}

TEST_P(DatapathGoneBackends, OnlyWhatTheServiceConnectedIsCutOff) {
  lead(web(), {7001, 7002});
  lead(other(), {7001});
  std::vector<base::Fd> sockets;
  for (int i = 0; i < 20; ++i) sockets.push_back(connected(web()));
  const base::Fd by_other = connected(other());
  const base::Fd direct = connected({*base::parse_ip(GetParam().backend), 7001});
  base::Fd reconnected = connected(web());
  ASSERT_EQ(connect_to(reconnected, GetParam().family, other()), 0);
  const base::Fd unconnected = client(GetParam().family, SOCK_DGRAM);
  ASSERT_EQ(send_to(unconnected, GetParam().family, web()), 0);
  lead(web(), {7002});

  cut_off();

  int cut = 0;
  for (const auto& socket : sockets) cut += is_cut_off(socket);
  EXPECT_GT(cut, 0);
  EXPECT_LT(cut, 20) << "7002 is still there";
  EXPECT_FALSE(is_cut_off(by_other));
  EXPECT_FALSE(is_cut_off(direct));
  EXPECT_FALSE(is_cut_off(reconnected));
  EXPECT_FALSE(is_cut_off(unconnected));
}

TEST_P(DatapathGoneBackends, ABackendThatIsLeavingKeepsItsSocketsAndGetsNoNewOnes) {
  lead(web(), {7001});
  const base::Fd socket = connected(web());
  lead(web(), {7002}, {7001});
  cut_off();
  EXPECT_FALSE(is_cut_off(socket));
  EXPECT_TRUE(gone_.empty());
  std::vector<Server> servers;
  servers.push_back(serve(SOCK_DGRAM, GetParam().backend));
  lead(web(), {servers[0].endpoint.port}, {7001});
  for (int i = 0; i < 20; ++i) {
    const base::Fd fresh = connected(web());
    ASSERT_EQ(send(fresh.get(), "?", 1, 0), 1);
    receive(servers[0].fd);
  }
  cut_off();
  EXPECT_FALSE(is_cut_off(socket));

  lead(web(), {servers[0].endpoint.port});
  cut_off();
  EXPECT_TRUE(is_cut_off(socket));
}

TEST_P(DatapathGoneBackends, AServiceThatGoesTakesItsSocketsAlong) {
  lead(web(), {7001}, {7002});
  const base::Fd socket = connected(web());
  const SetId id(base::to_string(web().ip));
  ASSERT_TRUE(stores_.frontends->remove({.address = web().ip, .port = web().port, .protocol = model::Protocol::kUdp, .callers = id}).ok());
  ASSERT_TRUE(stores_.sets->remove({.id = id}).ok());
  EXPECT_EQ(gone_.size(), 2U);

  cut_off();

  EXPECT_TRUE(is_cut_off(socket));
}

TEST_P(DatapathGoneBackends, SocketsOfOtherNamespacesAreFoundAndNamespacesWithoutAreNotAskedFor) {
  auto netns = io::kernel::make_netns();
  ASSERT_TRUE(netns.ok());
  lead(web(), {7001});
  base::Fd socket;
  {
    auto visit = NetnsVisit::enter(netns->get());
    ASSERT_TRUE(visit.ok());
    ASSERT_TRUE(run("ip link set lo up"));
    socket = connected(web());
  }
  lead(other(), {7001});
  lead(other(), {7002});
  cut_off();
  EXPECT_EQ(asked_, finds_namespaces_ ? 0 : 1) << "nobody is connected by that Service";
  lead(web(), {7002});

  cut_off({"/nowhere", "/dev/null", "/proc/self/ns/mnt"});
  EXPECT_FALSE(is_cut_off(socket)) << "a namespace that is no file is passed by";
  EXPECT_EQ(asked_, finds_namespaces_ ? 1 : 2);
  cut_off({"/nowhere", "/proc/self/fd/" + std::to_string(netns->get())});
  EXPECT_TRUE(is_cut_off(socket));
}

TEST_P(DatapathGoneBackends, TheThreadCutsOffWhatItIsToldHoweverManyGo) {
  io::kernel::GoneBackends thread(bpf_root_, [] { return std::vector<std::string>(); });
  const base::Fd direct = connected({*base::parse_ip(GetParam().backend), 7001});
  for (int round : {1, 2}) {
    lead(web(), {7001});
    std::vector<base::Fd> sockets;
    for (int i = 0; i < 200; ++i) sockets.push_back(connected(web()));
    lead(web(), {7002});
    for (uint16_t port = 10'000; port < 20'000; ++port) {
      gone_.push_back(gone_.back());
      gone_.back().port_be = htons(port);
    }

    const auto start = std::chrono::steady_clock::now();
    thread.add(gone_);
    for (const auto& socket : sockets) {
      pollfd waiting{socket.get(), POLLIN, 0};
      ASSERT_EQ(poll(&waiting, 1, 10'000), 1);
      EXPECT_TRUE(is_cut_off(socket));
    }

    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    std::printf("gone: 200 sockets of 10,001 backends told in %.1f ms%s\n", taken.count(), round == 1 ? ", with the load of programs" : "");
  }
  EXPECT_FALSE(is_cut_off(direct));
}
