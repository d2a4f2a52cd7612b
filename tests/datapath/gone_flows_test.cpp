// Flows from outside whose backend goes: the Service's UDP port 80 at vip(), and what the stores and the agent's thread do about it.
#include "io/kernel/service_maps.h"
#include "io/kernel/stale_peers.h"
#include "reconcile/service_stores.h"
#include "support/flow_packets.h"

using namespace support;  // packets, layer by layer

namespace {

using model::Protocol;
using model::desired::Backend;

constexpr uint16_t kPort = 80, kBackendPort = 8080;

bool is_v4(const Addresses& family) { return family.own == kFamilies[0].own; }
std::string vip(const Addresses& family) { return is_v4(family) ? "203.0.113.5" : "2001:db8:5::5"; }

class DatapathGoneFlows : public FlowPacketsTest {
 protected:
  void SetUp() override {
    FlowPacketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    put_delivery({});
    for (const auto& family : kFamilies)
      for (auto protocol : {Protocol::kTcp, Protocol::kUdp}) {
        lead(family, {own(family)}, {}, protocol);
        auto put = stores_.frontends->put(
            {.address = *base::parse_ip(vip(family)), .port = kPort, .protocol = protocol, .arrivals = set_of(family, protocol)}, nullptr);
        ASSERT_TRUE(put.ok()) << put.error().text;
      }
  }
  static model::desired::SetId set_of(const Addresses& family, Protocol protocol) {
    return model::desired::SetId(std::string(family.own) + "/" + std::string(model::protocol_name(protocol)));
  }
  void lead(const Addresses& family, std::vector<Backend> backends, std::vector<Backend> leaving = {}, Protocol protocol = Protocol::kUdp) {
    auto put = stores_.sets->put({.id = set_of(family, protocol),
                                  .backends = std::move(backends),
                                  .leaving = std::move(leaving),
                                  .datagrams = protocol == Protocol::kUdp},
                                 nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
  static Backend own(const Addresses& family) { return {*base::parse_ip(family.own), kBackendPort}; }
  static Backend neighbor(const Addresses& family) { return {*base::parse_ip(family.neighbor), kBackendPort}; }

  // The pod of this node that gets the datagram, or SYN, of that port for vip(); -1: none.
  int pod_of(const Addresses& family, uint16_t client_port, bool udp = true) {
    const Layer layer = udp ? Layer(Udp{client_port, kPort}) : Layer(Tcp{client_port, kPort, 0x02});
    const auto out = from_uplink(uplink_frame() / Ip{family.outside, vip(family)} / layer / Payload{"hello"});
    for (int pod : {0, 1})
      if (out.verdict == kRedirected && std::equal(pods_[pod].pod_mac.bytes.begin(), pods_[pod].pod_mac.bytes.end(), out.bytes.begin()))
        return pod;
    return -1;
  }
  // Entries that are left after what talks to gone backends was cut off.
  size_t cut_off() {
    auto peers = io::kernel::StalePeers::load(bpf_root_);
    EXPECT_TRUE(peers.ok()) << peers.error().text;
    auto cut = peers.ok() ? peers->cut_off(gone_, [] { return std::vector<std::string>(); }) : base::Result<void>(peers.error());
    EXPECT_TRUE(cut.ok()) << cut.error().text;
    return flows().size();
  }

  std::vector<gone_backend> gone_;
  reconcile::ServiceStores stores_ =
      reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(
                                    bpf_root_, [this](auto backends) { gone_.insert(gone_.end(), backends.begin(), backends.end()); }),
                                base::boot_now);
};

}  // namespace

// KEP-1669: whoever talks to one that terminates goes on, and all others choose among those that are ready.
TEST_F(DatapathGoneFlows, StayWithABackendThatIsLeavingAndNewOnesGoElsewhere) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(pod_of(family, 5000), 0);
    lead(family, {neighbor(family)}, {own(family)});
    for (uint16_t port = 5000; port < 5004; ++port) {
      age(port, 1);
      EXPECT_EQ(pod_of(family, port), port == 5000 ? 0 : 1) << port;
    }
    EXPECT_TRUE(gone_.empty());
    lead(family, {}, {own(family)});
    age(5000, 1);
    EXPECT_EQ(pod_of(family, 5000), 0) << "also when no other is ready";
    EXPECT_EQ(pod_of(family, 5010), -1);
    lead(family, {});
    age(5000, 1);
    EXPECT_EQ(pod_of(family, 5000), -1) << "gone";
    gone_.clear();
  }
}

TEST_F(DatapathGoneFlows, AreEndedAtOnce) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(pod_of(family, 5000), 0);
    EXPECT_EQ(pod_of(family, 5001), 0);
    EXPECT_EQ(pod_of(family, 5002, false), 0);
    from_uplink(uplink_frame() / Ip{family.outside, family.own} / Udp{5003, kBackendPort});
    const size_t before = flows().size();
    gone_.push_back({.address = model::to_abi(own(family).address), .port_be = htons(kBackendPort), .zero = 0});
    EXPECT_EQ(cut_off(), before) << "it is still there";
    gone_.clear();
    lead(family, {neighbor(family)});
    lead(family, {neighbor(family)}, {}, Protocol::kTcp);
    EXPECT_EQ(gone_.size(), 1U) << "of the UDP set alone";
    EXPECT_EQ(cut_off(), before - 4) << "of TCP, and of what called the pod itself, nothing";
    EXPECT_EQ(pod_of(family, 5000), 1);
  }
}
