// sessionAffinity ClientIP with real sockets, on maps that the planner and the store of Services have filled.
#include <set>

#include "abi/drop_reasons.h"
#include "engine/planning.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/service_maps.h"
#include "plan/services.h"
#include "reconcile/service_stores.h"
#include "support/builders.h"
#include "support/datapath.h"
#include "support/sockets.h"

namespace {

using namespace support;
using model::Protocol;
using model::desired::Frontend;
using model::desired::ServiceSet;

constexpr uint32_t kTimeout = 100;  // seconds
constexpr int kRequests = 15;
const Endpoint kFrontend{ip("10.96.0.10"), 80};

struct Call {
  const char* name;
  int type;
  bool connected;
};

class DatapathAffinity : public AttachedSocketsTest, public testing::WithParamInterface<Call> {
 protected:
  void SetUp() override {
    AttachedSocketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (int i = 0; i < 5; ++i) servers_.push_back(serve(GetParam().type, "127.0.0.1"));
  }

  // The Service with these servers as its endpoints is planned and written.
  void apply(const std::vector<size_t>& endpoints, uint32_t affinity_seconds) {
    engine::Planning planning({}, {});
    planning.fold(all_synced());
    Protocol protocol = GetParam().type == SOCK_STREAM ? Protocol::kTcp : Protocol::kUdp;
    auto service = a_service("web").address(base::to_string(kFrontend.ip)).port(kFrontend.port, protocol);
    service.row.client_ip_affinity_seconds = affinity_seconds;
    planning.fold({service});
    for (size_t index : endpoints)
      planning.fold({a_slice("web", std::to_string(index)).port(servers_[index].endpoint.port, protocol).endpoint("127.0.0.1")});
    const auto rows = plan::services::plan("default/web", planning.snapshot()).rows;
    write(std::get<ServiceSet>(rows.back()), std::get<Frontend>(rows.front()));
  }

  void write(const ServiceSet& set, const Frontend& frontend) {
    auto put = stores_.sets->put(set, actual_ ? &*actual_ : nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
    actual_ = set;
    put = stores_.frontends->put(frontend, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }

  // Which server a new socket reaches.
  int request(int family = AF_INET) {
    base::Fd socket = client(family, GetParam().type);
    if (GetParam().connected || GetParam().type == SOCK_STREAM) {
      EXPECT_EQ(connect_to(socket, family, kFrontend), 0);
      if (GetParam().type == SOCK_DGRAM) {
        EXPECT_EQ(send(socket.get(), "?", 1, 0), 1);
      }
    } else {
      EXPECT_EQ(send_to(socket, family, kFrontend), 0);
    }
    int server = reached(servers_);
    if (server < 0) return server;
    if (GetParam().type == SOCK_DGRAM)
      receive(servers_[server].fd);
    else
      base::Fd accepted(accept(servers_[server].fd.get(), nullptr, nullptr));
    return server;
  }
  std::set<int> requests(int count) {
    std::set<int> seen;
    for (int i = 0; i < count; ++i) seen.insert(request());
    return seen;
  }

  // The client's only record.
  affinity record() {
    affinity found{};
    int count = 0;
    auto map = io::kernel::HashMap<affinity_key, affinity>::open(bpf_root_, "affinities");
    EXPECT_TRUE(map.ok() &&
                map->for_each([&](const affinity_key& key, const affinity& value) { key_ = key, found = value, ++count; }).ok());
    EXPECT_EQ(count, 1);
    return found;
  }
  void write(const affinity& value) {
    auto map = io::kernel::HashMap<affinity_key, affinity>::open(bpf_root_, "affinities");
    EXPECT_TRUE(map.ok() && map->update(key_, value).ok());
  }
  void age(uint32_t seconds) {
    affinity aged = record();
    aged.last_used_ns -= seconds * 1'000'000'000ULL;
    write(aged);
  }

  std::vector<Server> servers_;
  std::optional<ServiceSet> actual_;
  affinity_key key_{};
  reconcile::ServiceStores stores_ =
      reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), [] { return base::boot_now(); });
};

INSTANTIATE_TEST_SUITE_P(Calls, DatapathAffinity,
                         testing::Values(Call{"Tcp", SOCK_STREAM, true}, Call{"ConnectedUdp", SOCK_DGRAM, true},
                                         Call{"UnconnectedUdp", SOCK_DGRAM, false}),
                         [](const auto& call) { return std::string(call.param.name); });

}  // namespace

TEST_P(DatapathAffinity, AClientKeepsItsBackendOverAllItsSockets) {
  apply({0, 1, 2, 3, 4}, kTimeout);

  std::set<int> seen = requests(kRequests);
  seen.insert(request(AF_INET6));  // IPv4 by an IPv6 socket is the same client

  EXPECT_EQ(seen.size(), 1U);
}

TEST_P(DatapathAffinity, SwitchingItOffSpreadsAndOnKeepsAgain) {
  apply({0, 1, 2, 3, 4}, kTimeout);
  ASSERT_EQ(requests(kRequests).size(), 1U);

  apply({0, 1, 2, 3, 4}, 0);
  EXPECT_GT(requests(40).size(), 1U);
  apply({0, 1, 2, 3, 4}, kTimeout);
  EXPECT_EQ(requests(kRequests).size(), 1U);
}

TEST_P(DatapathAffinity, ABackendIsKeptWhereverItMovesInTheSet) {
  apply({4}, kTimeout);
  ASSERT_EQ(request(), 4);

  apply({0, 1, 2, 3, 4}, kTimeout);
  EXPECT_EQ(requests(kRequests), std::set<int>{4});
  apply({1, 4}, kTimeout);
  EXPECT_EQ(requests(kRequests), std::set<int>{4});
}

TEST_P(DatapathAffinity, ABackendThatLeftIsReplacedByOneThatIsKept) {
  apply({4}, kTimeout);
  ASSERT_EQ(request(), 4);

  apply({0, 1, 2, 3}, kTimeout);
  std::set<int> seen = requests(kRequests);

  EXPECT_EQ(seen.size(), 1U);
  EXPECT_FALSE(seen.contains(4));
}

TEST_P(DatapathAffinity, AUseWithinTheTimeoutBeginsItAnew) {
  apply({0, 1, 2, 3, 4}, kTimeout);
  int first = request();
  uint64_t begun = record().last_used_ns;

  for (int i = 0; i < 3; ++i) {
    age(kTimeout - 10);
    EXPECT_EQ(request(), first);
    EXPECT_GT(record().last_used_ns, begun);
  }
}

TEST_P(DatapathAffinity, AfterTheTimeoutTheClientChoosesAnew) {
  apply({0, 1, 2, 3, 4}, kTimeout);
  std::set<int> seen;

  for (int i = 0; i < 40; ++i) {
    seen.insert(request());
    age(kTimeout + 10);
  }

  EXPECT_GT(seen.size(), 1U);
}

TEST_P(DatapathAffinity, ANewTimeoutCountsForRecordsThatAreThere) {
  apply({0, 1, 2, 3, 4}, kTimeout);
  request();
  age(kTimeout + 10);
  affinity aged = record();

  apply({0, 1, 2, 3, 4}, kTimeout * 10);
  request();

  EXPECT_EQ(record().port_be, aged.port_be);
}

// Numbers and regions are used again: what an earlier Service left under a number leads nowhere but into the present set.
TEST_P(DatapathAffinity, ARecordOfAnotherServiceIsNotBelieved) {
  apply({0, 1}, kTimeout);
  request();
  affinity foreign = record();
  foreign.port_be = servers_[4].endpoint.port;
  write(foreign);

  EXPECT_LT(request(), 2);
}

TEST_P(DatapathAffinity, EndpointsOnOtherNodesOnlyAreAnErrorOfTheirOwn) {
  ServiceSet set{.id = model::desired::SetId("elsewhere"), .endpoints_elsewhere = true};
  const Protocol protocol = GetParam().type == SOCK_STREAM ? Protocol::kTcp : Protocol::kUdp;
  write(set, {.address = kFrontend.ip, .port = kFrontend.port, .protocol = protocol, .callers = set.id});
  base::Fd socket = client(AF_INET, GetParam().type);

  EXPECT_EQ(GetParam().connected ? connect_to(socket, AF_INET, kFrontend) : send_to(socket, AF_INET, kFrontend), EHOSTUNREACH);

  EXPECT_EQ(drops(DROP_NO_LOCAL_ENDPOINT), 1U);
}
