// Who is where on a pod's link: what a pod may say by ARP and neighbour discovery, and that no more of it gets into the node's tables.
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <functional>

#include "base/clock.h"
#include "support/datapath_packets.h"

using model::desired::FilterSide;
using namespace support;  // packets, layer by layer

namespace {

class DatapathNeighborDiscovery : public PacketsTest {
 protected:
  void put_filters() {
    io::kernel::FilterStore filters(bpf_root_);
    for (FilterSide side : {FilterSide::kFromPod, FilterSide::kToPod}) {
      auto put = filters.put({.link = "icha", .side = side, .generation = io::kernel::program_generation()}, nullptr);
      ASSERT_TRUE(put.ok()) << put.error().text;
    }
  }

  // As a process with CAP_NET_RAW in the pod sends it.
  void send_from_pod(const std::vector<Packet>& packets) {
    auto visit = io::kernel::NetnsVisit::enter(pods_[0].netns->get());
    ASSERT_TRUE(visit.ok());
    base::Fd raw(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex("eth0"));
    for (const auto& packet : packets) {
      auto bytes = packet.bytes();
      ASSERT_EQ(sendto(raw.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
                static_cast<ssize_t>(bytes.size()));
    }
  }

  // Who asks for the node from `number` made-up addresses, in each way that makes the kernel keep whoever asked.
  std::vector<Packet> made_up(int number) {
    Ethernet frame = pod_frame();
    frame.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    Ethernet multicast = pod_frame();
    multicast.destination = {{0x33, 0x33, 0xff, 0, 0, 1}};
    const std::string own_mac("\x01\x01\x02\x00\x00\x00\x02\x01", 8);  // option: source link-layer address
    std::vector<Packet> packets;
    for (int i = 0; i < number; ++i) {
      const std::string low = std::to_string(i / 200) + "." + std::to_string(i % 200 + 1);
      char last[16];
      std::snprintf(last, sizeof last, "%x", i + 1);
      packets.push_back(frame / Arp{1, pods_[0].pod_mac, "10.77." + low, "10.9.0.1"});
      packets.push_back(multicast / Ip{std::string("fe80::a:") + last, "ff02::1:ff00:1", 255} / Icmp{kSolicitation} / Target{"fe80::1"} /
                        Payload{own_mac});
      packets.push_back(multicast / Ip{std::string("fe80::b:") + last, "ff02::2", 255} / Icmp{kRouterSolicitation} / Payload{own_mac});
    }
    return packets;
  }

  // Packets are taken from a queue by whichever thread the kernel chooses.
  static bool eventually(const std::function<bool()>& holds) {
    constexpr base::Millis kPatience{5000};
    for (auto until = base::boot_now() + kPatience; !holds();)
      if (base::boot_now() > until) return false;
    return true;
  }
  static int entries() {
    return std::stoi(output_of("(ip -4 neigh show dev icha nud all; ip -6 neigh show dev icha nud all) | grep -vc NOARP"));
  }
};

}  // namespace
TEST_F(DatapathNeighborDiscovery, NeighborDiscoveryPassesForThePodsOwnAddressesAndItsGateway) {
  const struct {
    const char *source, *destination;
    uint8_t type;
    const char* target;
  } cases[] = {
      {"::", "ff02::1:ff00:2", kSolicitation, "fe80::2"},          // duplicate address detection of its link-local address
      {"::", "ff02::1:ff00:2", kSolicitation, "fd00:1::2"},        // and of its own
      {"fe80::2", "ff02::1:ff00:69", kSolicitation, kGateway6},    // who is the gateway?
      {"fd00:1::2", "ff02::1:ff00:69", kSolicitation, kGateway6},  //
      {"fd00:1::2", kGateway6, kSolicitation, kGateway6},          // is it still there?
      {"fd00:1::2", "fd00:9::1", kAdvertisement, "fd00:1::2"},     // an answer to the node
      {"fe80::2", "ff02::1", kAdvertisement, "fe80::2"},           // unsolicited
  };
  for (const auto& [source, destination, type, target] : cases)
    EXPECT_EQ(from_pod(pod_frame() / Ip{source, destination, 255} / Icmp{type} / Target{target}).verdict, kToStack)
        << source << " " << target;
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::16", 1} / HopByHop{} / Icmp{kMldReport}).verdict, kToStack);
}

TEST_F(DatapathNeighborDiscovery, NeighborDiscoveryForOthersIsDropped) {
  const struct {
    const char* source;
    uint8_t type;
    const char* target;
    uint8_t hop_limit = 255;
  } cases[] = {
      {"fe80::2", kSolicitation, "fd00:9::1"},    // the node, which would keep who asked
      {"fd00:1::2", kSolicitation, "fd00:9::1"},  //
      {"::", kSolicitation, "fd00:9::1"},        {"fe80::2", kSolicitation, "fe80::77"},   {"fe80::2", kSolicitation, kGateway6, 64},
      {"fe80::2", kAdvertisement, "fd00:1::3"},  // the neighbour
      {"fe80::2", kAdvertisement, kGateway6},    {"fd00:1::2", kAdvertisement, kGateway6}, {"fe80::2", kRouterSolicitation, "::"},
      {"::", kRouterSolicitation, "::"},         {"fe80::2", kRouterAdvertisement, "::"},  {"fd00:1::2", kRouterAdvertisement, "::"},
      {"fe80::69", kRedirect, "fe80::2"},
  };
  uint64_t expected = 0;
  for (const auto& [source, type, target, hop_limit] : cases) {
    EXPECT_EQ(from_pod(pod_frame() / Ip{source, "ff02::1", hop_limit} / Icmp{type} / Target{target}).verdict, kDropped)
        << source << " " << int{type} << " " << target;
    EXPECT_EQ(count("drops", DROP_FOREIGN_NEIGHBOR), ++expected) << source << " " << int{type} << " " << target;
  }
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::2", "ff02::1", 255} / Icmp{kSolicitation}).verdict, kDropped);  // cut off before its target
}

TEST_F(DatapathNeighborDiscovery, NothingElsePassesFromLinkScopedSources) {
  constexpr uint8_t kEcho = 128, kMldQuery = 130;
  for (uint8_t type : {kEcho, kMldQuery, kMldReport})
    EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::1", 255} / Icmp{type}).verdict, kDropped) << int{type};
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::1", 1} / HopByHop{} / Icmp{kMldQuery}).verdict, kDropped);
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::1", 255} / HopByHop{} / Icmp{kSolicitation} / Target{kGateway6}).verdict, kDropped);
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "fd00:1::3"} / Tcp{1000, 80}).verdict, kDropped);
  EXPECT_EQ(from_pod(pod_frame() / Ip{"0.0.0.0", "10.1.0.3"} / Udp{68, 67}).verdict, kDropped);
}

TEST_F(DatapathNeighborDiscovery, WhatCouldBeNeighborDiscoveryIsNeverDeliveredToAPodDirectly) {
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fd00:1::2", "fd00:1::3", 255} / Icmp{kSolicitation} / Target{"fd00:1::2"}).verdict, kToStack);
  for (const char* source : {"fe80::1", "2001:db8::1"}) {
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, "fd00:1::2", 255} / Icmp{kRedirect} / Target{"fe80::69"}).verdict, kToNextProgram);
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, "fd00:1::2", 255} / HopByHop{} / Icmp{kRouterAdvertisement}).verdict, kToNextProgram);
  }
  EXPECT_EQ(from_uplink(uplink_frame() / Ip{"2001:db8::1", "fd00:1::2", 255} / Tcp{1000, 80}).verdict, kRedirected);
}

TEST_F(DatapathNeighborDiscovery, PodSpeaksArpForItsOwnAddressAndAsksForItsGateway) {
  const base::Mac own = pods_[0].pod_mac, other{{2, 9, 9, 9, 9, 9}};
  const struct {
    uint32_t verdict;
    Arp arp;
  } cases[] = {
      {kToStack, {1, own, "10.1.0.2", kGateway4}},        // who is the gateway?
      {kToStack, {1, own, "10.1.0.2", "10.1.0.2"}},       // an announcement
      {kToStack, {1, own, "0.0.0.0", "10.1.0.2"}},        // a probe (RFC 5227)
      {kToStack, {2, own, "10.1.0.2", "192.168.42.11"}},  // an answer to the node
      {kDropped, {1, own, "10.1.0.9", kGateway4}},        // nobody's
      {kDropped, {1, own, "10.1.0.3", kGateway4}},        // another pod's
      {kDropped, {1, own, "10.1.0.2", "192.168.42.11"}},  // the node's
      {kDropped, {1, own, "0.0.0.0", "192.168.42.11"}},  {kDropped, {1, other, "10.1.0.2", kGateway4}},
      {kDropped, {2, own, kGateway4, "10.1.0.3"}},       {kDropped, {3, own, "10.1.0.2", kGateway4}},  // reverse ARP
  };
  uint64_t dropped = 0;
  for (const auto& [verdict, arp] : cases) {
    EXPECT_EQ(from_pod(pod_frame() / arp).verdict, verdict) << arp.operation << " " << arp.sender << " " << arp.target;
    dropped += verdict == kDropped;
  }
  auto cut = (pod_frame() / Arp{1, own, "10.1.0.2", kGateway4}).bytes();
  cut.resize(cut.size() - 1);
  auto other_hardware = (pod_frame() / Arp{1, own, "10.1.0.2", kGateway4}).bytes();
  other_hardware[15] = 6;
  for (const auto& bytes : {cut, other_hardware}) EXPECT_EQ(run("pod_egress", "icha", bytes).verdict, kDropped);
  EXPECT_EQ(count("drops", DROP_FOREIGN_NEIGHBOR), dropped + 2);
}

TEST_F(DatapathNeighborDiscovery, AThousandMadeUpSendersLeaveNoEntryOnTheNode) {
  ASSERT_TRUE(
      support::run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ip addr replace 10.9.0.1/32 dev lo;"
                   "ip addr replace fd00:9::1/128 dev lo nodad; ip addr add fe80::1/64 dev icha nodad;"
                   "ip route add 10.1.0.2 dev icha; ip -6 route add fd00:1::2 dev icha;"
                   "ip neigh add 10.1.0.2 lladdr 02:00:00:00:02:01 dev icha; ip neigh add fd00:1::2 lladdr 02:00:00:00:02:01 dev icha"));
  const int before = entries();
  constexpr int kFew = 5, kMany = 1100;
  send_from_pod(made_up(kFew));
  EXPECT_TRUE(eventually([&] { return entries() == before + 3 * kFew; }))
      << entries() << ": without ichor's program the kernel keeps each of them";
  ASSERT_TRUE(
      support::run("ip neigh flush dev icha nud all; ip neigh replace 10.1.0.2 lladdr 02:00:00:00:02:01 dev icha;"
                   "ip neigh replace fd00:1::2 lladdr 02:00:00:00:02:01 dev icha"));
  put_filters();

  send_from_pod(made_up(kMany));

  EXPECT_TRUE(eventually([&] { return count("drops", DROP_FOREIGN_NEIGHBOR) == uint64_t{3} * kMany; }))
      << count("drops", DROP_FOREIGN_NEIGHBOR);
  EXPECT_EQ(entries(), before);
  for (const char* node : {"10.9.0.1", "fd00:9::1"})
    EXPECT_EQ(exchange_datagrams(pods_[0].netns->get(), -1, *base::parse_ip(node)), std::nullopt);
}
