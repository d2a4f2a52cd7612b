// A node that serves Services to the outside and to its pods by packets, on maps that the stores have filled; whole packets are compared,
// so every checksum is right.
#pragma once

#include "io/kernel/node_addresses.h"
#include "io/kernel/service_maps.h"
#include "io/kernel/source_ranges.h"
#include "reconcile/service_stores.h"
#include "support/flow_packets.h"

namespace support {

using model::Protocol;
using model::desired::Backend;
using model::desired::Frontend;
using model::desired::ServiceSet;
using model::desired::SetId;
using model::desired::Sole;

inline constexpr uint8_t kSyn = 0x02, kSynAck = 0x12, kAck = 0x10;
// Of an answer that is shorter than what it answers the device's sum is not asked for: the kernel leaves it as it was, and on the way out
// nobody reads it.
inline constexpr uint32_t kIsCut = 0;
inline constexpr uint16_t kPort = 80, kNodePort = 30080, kBackendPort = 8080;

inline bool is_v4(const Addresses& family) { return family.own == kFamilies[0].own; }
inline std::string vip(const Addresses& family) { return is_v4(family) ? "203.0.113.5" : "2001:db8:5::5"; }
inline base::Ip unspecified(const Addresses& family) { return *base::parse_ip(is_v4(family) ? "0.0.0.0" : "::"); }

inline Payload quoting(const Packet& packet) {
  const auto bytes = packet.bytes();
  return Payload{std::string(bytes.begin(), bytes.end())};
}

// The Service `name` of a family has TCP and UDP port 80 at vip() and, as NodePort 30080, at the node's address.
// The parameter: flags of BPF_PROG_TEST_RUN.
class ArrivalPacketsTest : public FlowPacketsTest, public testing::WithParamInterface<uint32_t> {
 protected:
  void SetUp() override {
    run_flags_ = GetParam();
    config_.first_node_port = 30000, config_.last_node_port = 32767;
    FlowPacketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(
        support::run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ip link set far up;"
                     "ip addr add 192.0.2.9/24 dev uplink; ip addr add 2001:db8::9/64 dev uplink nodad;"
                     "ip route add 10.1.7.0/24 via 192.0.2.7; ip -6 route add fd00:1:0:7::/64 via 2001:db8::7"));
    put_delivery({});
    for (const auto& family : kFamilies) {
      put_row(node_addresses_, {.address = ip(node_address(family))});
      lead(family, {{ip(family.own), kBackendPort}});
    }
  }
  static base::Ip ip(const std::string& text) { return *base::parse_ip(text); }
  static SetId set_of(const Addresses& family, Protocol protocol) {
    return model::desired::set_id("default/web", kPort, protocol, is_v4(family) ? base::Family::kIpv4 : base::Family::kIpv6,
                                  model::desired::Scope::kArrivals);
  }
  template <class Row>
  void put_row(io::Store<Row>& store, const Row& row) {
    auto result = store.put(row, nullptr);
    ASSERT_TRUE(result.ok()) << result.error().text;
  }
  void put_set(ServiceSet set, std::vector<Backend> backends) {
    std::sort(backends.begin(), backends.end());
    set.backends = std::move(backends);
    put_row(*stores_.sets, set);
  }
  void lead(const Addresses& family, const std::vector<Backend>& backends, uint32_t affinity_seconds = 0, bool restricted = false,
            Sole sole = Sole::kNobody) {
    for (auto protocol : {Protocol::kTcp, Protocol::kUdp}) {
      const SetId id = set_of(family, protocol);
      put_set({.id = id, .affinity_seconds = affinity_seconds}, backends);
      Frontend front{.address = ip(vip(family)), .port = kPort, .protocol = protocol, .callers = id, .arrivals = id};
      front.restricted = restricted, front.sole = sole;
      put_row(*stores_.frontends, front);
      put_row(*stores_.frontends,
              Frontend{.address = unspecified(family), .port = kNodePort, .protocol = protocol, .callers = id, .arrivals = id});
    }
  }
  Backend own(const Addresses& family) { return {ip(family.own), kBackendPort}; }
  Backend neighbor(const Addresses& family) { return {ip(family.neighbor), kBackendPort}; }
  Backend remote(const Addresses& family) { return {ip(peer_pod(family)), kBackendPort}; }

  Ethernet answer_frame() const { return {.source = uplink_frame().destination, .destination = uplink_frame().source}; }
  // The same frame back to the pod that sent it.
  Ethernet back_to_pod_frame() const { return {.source = pods_[0].host_mac, .destination = pods_[0].pod_mac}; }

  Outcome arrives(const Addresses& family, const Layer& layer, const std::string& to) {
    return from_uplink(uplink_frame() / Ip{family.outside, to} / layer / Payload{"hello"});
  }
  // The pod of this node that gets a SYN or datagram of that port for vip(); -1: none.
  int pod_of(const Addresses& family, uint16_t client_port, const std::string& client, bool udp = false) {
    const Layer layer = udp ? Layer(Udp{client_port, kPort}) : Layer(Tcp{client_port, kPort, kSyn});
    const auto out = from_uplink(uplink_frame() / Ip{client, vip(family)} / layer / Payload{"hello"});
    for (int pod : {0, 1})
      if (out.verdict == kRedirected && std::equal(pods_[pod].pod_mac.bytes.begin(), pods_[pod].pod_mac.bytes.end(), out.bytes.begin()))
        return pod;
    return -1;
  }
  void expect_drop(const Outcome& outcome, drop_reason reason) {
    EXPECT_EQ(outcome.verdict, kDropped);
    EXPECT_EQ(count("drops", reason), ++dropped_[reason]) << reason;
  }

  reconcile::ServiceStores stores_ = reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), base::boot_now);
  io::kernel::NodeAddressStore node_addresses_{bpf_root_};
  io::kernel::SourceRangeStore source_ranges_{bpf_root_};
  std::map<drop_reason, uint64_t> dropped_;
};

}  // namespace support
