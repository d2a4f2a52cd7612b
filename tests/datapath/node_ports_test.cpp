// NodePorts at the socket, on maps that the planners and the stores have filled: whose address is called decides.
#include <sys/socket.h>

#include "engine/planning.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/node_addresses.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"
#include "plan/plan.h"
#include "reconcile/service_stores.h"
#include "support/builders.h"
#include "support/datapath.h"
#include "support/sockets.h"

namespace {

using namespace support;
using model::TrafficPolicy;
using model::desired::Frontend;
using model::desired::NodeAddress;
using model::desired::ServiceSet;

constexpr uint16_t kNodePort = 30080, kBeyondTheRange = 32768;
constexpr datapath_config kConfig = {
    .migrating = 0, .first_node_port = 30000, .last_node_port = 32767, .first_nat_port = 0, .last_nat_port = 0};

struct Way {
  const char* name;
  int family, type;
  const char *own, *peer, *stranger, *backend;
};

// The node's addresses are on no link, so that a call that is not translated reaches nothing.
class DatapathNodePorts : public DatapathTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    attach_sockets(kConfig);
    if (IsSkipped() || HasFatalFailure()) return;
    planning_.fold(all_synced());
    planning_.fold({a_node("n1", {}, {"192.168.42.11", "fd00:42::11"}), a_node("n2", {}, {"192.168.42.12", "fd00:42::12"}),
                    model::put("lo", model::Address{"lo", cidr("127.0.0.1/8"), 254}),
                    model::put("lo6", model::Address{"lo", cidr("::1/128"), 254})});
    servers_.push_back(serve(GetParam().type, GetParam().backend));
    const auto protocol = GetParam().type == SOCK_STREAM ? model::Protocol::kTcp : model::Protocol::kUdp;
    service_.address("10.96.0.10").address("fd00:96::10").port(80, protocol).node_port(kNodePort);
    auto slice =
        a_slice("web", "a", servers_[0].endpoint.ip.family()).port(servers_[0].endpoint.port, protocol).endpoint(GetParam().backend);
    slice.row.endpoints[0].node_name = "n2";
    planning_.fold({service_, slice});
    apply();
  }
  void apply() {
    planning_.run({}, [&](const model::Owner&, auto rows) {
      for (const auto& row : rows)
        if (const auto* set = std::get_if<ServiceSet>(&row)) put(*stores_.sets, *set);
      for (const auto& row : rows) {
        if (const auto* frontend = std::get_if<Frontend>(&row)) put(*stores_.frontends, *frontend);
        if (const auto* address = std::get_if<NodeAddress>(&row)) put(addresses_, *address);
      }
    });
  }
  template <class Row>
  void put(io::Store<Row>& store, const Row& row) {
    auto result = store.put(row, nullptr);
    EXPECT_TRUE(result.ok()) << result.error().text;
  }
  void external_policy(TrafficPolicy policy) {
    service_.row.external_traffic_policy = policy;
    planning_.fold({service_});
    apply();
  }
  // Whether a socket that calls the address comes to the backend, under the name that it called; by connect and, of UDP, by sendto too.
  bool served(const Endpoint& called) {
    base::Fd socket = client(GetParam().family, GetParam().type);
    if (connect_to(socket, GetParam().family, called) != 0) return false;
    EXPECT_EQ(peer_name(socket), called);
    if (GetParam().type == SOCK_STREAM) return accepted();
    base::Fd unconnected = client(GetParam().family, SOCK_DGRAM);
    EXPECT_EQ(send_to(unconnected, GetParam().family, called), 0);
    if (reached(servers_) != 0) return false;
    answer(servers_[0]);
    return receive(unconnected) == called;
  }
  bool accepted() {
    if (reached(servers_) != 0) return false;
    base::Fd accepted(accept(servers_[0].fd.get(), nullptr, nullptr));
    return static_cast<bool>(accepted);
  }
  Endpoint at(const char* address, uint16_t port = kNodePort) const { return {ip(address), port}; }

  engine::Planning planning_{{.node_name = "n1"}, plan::features()};
  a_service service_{"web"};
  std::vector<Server> servers_;
  io::kernel::NodeAddressStore addresses_{bpf_root_};
  reconcile::ServiceStores stores_ =
      reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), [] { return base::boot_now(); });
};

Way way(const char* name, int family, int type) {
  const bool v6 = std::string_view(name).starts_with("IPv6");
  return {name,
          family,
          type,
          v6 ? "fd00:42::11" : "192.168.42.11",
          v6 ? "fd00:42::12" : "192.168.42.12",
          v6 ? "fd00:42::99" : "192.168.42.99",
          v6 ? "::1" : "127.0.0.1"};
}

INSTANTIATE_TEST_SUITE_P(Ways, DatapathNodePorts,
                         testing::Values(way("IPv4Tcp", AF_INET, SOCK_STREAM), way("IPv4Udp", AF_INET, SOCK_DGRAM),
                                         way("IPv6Tcp", AF_INET6, SOCK_STREAM), way("IPv6Udp", AF_INET6, SOCK_DGRAM),
                                         way("BehindIPv6Tcp", AF_INET6, SOCK_STREAM), way("BehindIPv6Udp", AF_INET6, SOCK_DGRAM)),
                         [](const auto& way) { return std::string(way.param.name); });

// Listens, or is bound, and counts whom it hears.
base::Fd listener(int type, const Endpoint& where) {
  base::Fd socket = client(AF_INET, type);
  sockaddr_in address{};
  address.sin_family = AF_INET, address.sin_port = htons(where.port), address.sin_addr.s_addr = where.ip.v4_be();
  EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << strerror(errno);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(socket.get(), 8), 0);
  }
  return socket;
}

}  // namespace

TEST_P(DatapathNodePorts, N1EveryNodesAddressLeadsToTheEndpoints) {
  EXPECT_TRUE(served(at(GetParam().own)));
  EXPECT_TRUE(served(at(GetParam().peer)));
}

TEST_P(DatapathNodePorts, OtherAddressesPortsAndProtocolsAreLeftAlone) {
  EXPECT_FALSE(served(at(GetParam().stranger)));
  EXPECT_FALSE(served(at(GetParam().own, kNodePort + 1)));
  EXPECT_FALSE(served(at(GetParam().own, 80)));
  EXPECT_EQ(connect_to(client(GetParam().family, GetParam().type == SOCK_STREAM ? SOCK_DGRAM : SOCK_STREAM), GetParam().family,
                       at(GetParam().own)),
            ENETUNREACH);
}

TEST_P(DatapathNodePorts, APortBeyondTheRangeIsNotAskedForWhateverIsInTheMap) {
  const auto id = model::desired::SetId(service_.row.meta.key() + ":80/" + std::string(protocol_name(service_.row.ports[0].protocol)) +
                                        (ip(GetParam().own).is_v4() ? "/IPv4/callers" : "/IPv6/callers"));
  Frontend front{
      .address = ip(GetParam().own).is_v4() ? ip("0.0.0.0") : ip("::"), .port = 31000, .protocol = service_.row.ports[0].protocol};
  front.callers = id;
  put(*stores_.frontends, front);
  front.port = kBeyondTheRange;
  put(*stores_.frontends, front);

  EXPECT_TRUE(served(at(GetParam().own, 31000)));
  EXPECT_FALSE(served(at(GetParam().own, kBeyondTheRange)));
}

TEST_P(DatapathNodePorts, N7ExternalTrafficPolicyLocalIsJudgedByThePeerThatIsCalled) {
  external_policy(TrafficPolicy::kLocal);
  EXPECT_TRUE(served(at(GetParam().own)));
  EXPECT_FALSE(served(at(GetParam().peer)));

  external_policy(TrafficPolicy::kCluster);
  EXPECT_TRUE(served(at(GetParam().peer)));
}

TEST_P(DatapathNodePorts, ANodeThatGoesTakesItsAddressAlong) {
  ASSERT_TRUE(addresses_.remove({.address = ip(GetParam().peer), .peer = true}).ok());

  EXPECT_FALSE(served(at(GetParam().peer)));
  EXPECT_TRUE(served(at(GetParam().own)));
}

TEST_P(DatapathNodePorts, N2LoopbackAnswersTheNodeItselfOverIpv4AndNoPod) {
  if (!ip(GetParam().own).is_v4()) {
    EXPECT_FALSE(served(at("::1")));
    return;
  }
  EXPECT_TRUE(served(at("127.0.0.1")));
  auto pod = io::kernel::make_netns();
  ASSERT_TRUE(pod.ok());
  auto visit = io::kernel::NetnsVisit::enter(pod->get());
  ASSERT_TRUE(visit.ok());
  ASSERT_TRUE(run("ip link set lo up"));

  base::Fd own = listener(GetParam().type, at("127.0.0.1"));
  base::Fd socket = client(GetParam().family, GetParam().type);
  ASSERT_EQ(connect_to(socket, GetParam().family, at("127.0.0.1")), 0);
  ASSERT_GT(send(socket.get(), "?", 1, 0), 0);
  EXPECT_TRUE(wait_readable(own.get()));  // the pod's own server
}

TEST_P(DatapathNodePorts, ASocketOfTheNodeOnThatPortDoesNotTakeTheNodePort) {
  if (!ip(GetParam().own).is_v4()) GTEST_SKIP() << "one family is enough";
  ASSERT_TRUE(run("ip address add 192.168.42.11/32 dev lo"));
  base::Fd own = listener(GetParam().type, at(GetParam().own));

  EXPECT_TRUE(served(at(GetParam().own)));
}

TEST_P(DatapathNodePorts, StoreListsWhatItPutAndALoopbackOfAnotherNamespaceAsWhatNobodyWants) {
  auto listed = [&] {
    auto rows = io::kernel::NodeAddressStore(bpf_root_).list();
    EXPECT_TRUE(rows.ok());
    return std::move(rows).value();
  };
  const NodeAddress loopback{ip("127.0.0.1"), false, true};
  const std::vector<NodeAddress> expected = {{ip("127.0.0.1"), false, true},
                                             {ip("192.168.42.11"), false, false},
                                             {ip("192.168.42.12"), true, false},
                                             {ip("fd00:42::11"), false, false},
                                             {ip("fd00:42::12"), true, false}};
  EXPECT_EQ(listed().size(), expected.size());
  for (const auto& row : expected) EXPECT_EQ(std::ranges::count(listed(), row), 1) << row.key();

  auto map = io::kernel::HashMap<ip_addr, node_address>::open(bpf_root_, "node_addresses");
  ASSERT_TRUE(map.ok() && map->update(model::to_abi(loopback.address), {.callers = 1, .peer = 0, .zero = 0}).ok());
  EXPECT_EQ(std::ranges::count(listed(), loopback), 0);
  put(addresses_, loopback);
  EXPECT_EQ(std::ranges::count(listed(), loopback), 1);
}

TEST_P(DatapathNodePorts, AMapWithoutRoomIsAnErrorOfTheRowAndOthersGoOn) {
  base::Result<void> put;
  for (uint8_t i = 0; i < 100 && put.ok(); ++i) put = addresses_.put({.address = {{0xfd, 1, i}}}, nullptr);

  ASSERT_FALSE(put.ok());
  EXPECT_NE(put.error().text.find("node_addresses is full"), std::string::npos) << put.error().text;
  EXPECT_TRUE(served(at(GetParam().peer)));
}
