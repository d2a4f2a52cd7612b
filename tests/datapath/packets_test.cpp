// Each tc program with packets of both families, and then the same programs on real pod links.
#include "support/datapath_packets.h"

using model::desired::FilterSide;
using namespace support;  // packets, layer by layer

namespace {

class DatapathPackets : public PacketsTest {};

}  // namespace

TEST_F(DatapathPackets, PodToPodIsDeliveredWithNewMacsAndOtherwiseUnchanged) {
  for (const auto& family : kFamilies) {
    Ip ip{family.own, family.neighbor};
    auto outcome = from_pod(pod_frame() / ip / Tcp{1000, 80} / Payload{"hello"});

    EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(TC_ACT_REDIRECT));
    EXPECT_EQ(outcome.bytes, (delivered_frame(1) / ip / Tcp{1000, 80} / Payload{"hello"}).bytes());
  }
  EXPECT_EQ(count("deliveries", DELIVERED_FROM_POD), 2U);
}

TEST_F(DatapathPackets, PodToOutsideGoesToTheStackUntouched) {
  for (const auto& family : kFamilies) {
    auto packet = pod_frame() / Ip{family.own, family.outside} / Udp{1000, 53} / Payload{"?"};
    auto outcome = from_pod(packet);

    EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(TC_ACT_OK));
    EXPECT_EQ(outcome.bytes, packet.bytes());
  }
}

TEST_F(DatapathPackets, PodCannotSendFromAnotherAddress) {
  for (const auto& family : kFamilies)
    for (const char* source : {family.foreign, family.neighbor, family.outside})
      EXPECT_EQ(from_pod(pod_frame() / Ip{source, family.neighbor} / Tcp{1000, 80}).verdict, static_cast<uint32_t>(TC_ACT_SHOT)) << source;

  EXPECT_EQ(count("drops", DROP_FOREIGN_SOURCE), 6U);
}

// A hop limit of 255 says "from your own link"; whoever gets it past a router could play the pod's router.
TEST_F(DatapathPackets, PodMaySendNoOtherProtocol) {
  constexpr uint16_t kIchor = 0x88B5, kServiceTag = 0x88A8;
  auto frame = [&](uint16_t type) {
    Ethernet ethernet = pod_frame();
    ethernet.type = type;
    return ethernet / Payload{std::string(46, '\0')};
  };

  EXPECT_EQ(from_pod(frame(kIchor)).verdict, kDropped);
  EXPECT_EQ(from_pod(frame(kServiceTag)).verdict, kDropped);
  EXPECT_EQ(from_pod(pod_frame() / Vlan{0} / Ip{"10.1.0.9", "10.1.0.3"} / Tcp{1000, 80}).verdict, kDropped);
  EXPECT_EQ(from_pod(pod_frame() / Vlan{0} / Vlan{0} / Arp{1, pods_[0].pod_mac, "10.1.0.9", kGateway4}).verdict, kDropped);
  EXPECT_EQ(count("drops", DROP_FOREIGN_PROTOCOL), 4U);
}

TEST_F(DatapathPackets, MappedAddressesAreRefusedFromPodsAndUplinks) {
  for (const auto& [source, destination] : {std::pair{"::ffff:10.1.0.2", "fd00:1::3"}, {"fd00:1::2", "::ffff:10.1.0.3"}}) {
    auto bytes_of = [&](const Ethernet& frame) {
      auto bytes = (frame / Ip{"2001:db8::1", "2001:db8::2"} / Udp{1, 2}).bytes();
      auto put = [&](size_t at, const char* text) { std::memcpy(&bytes[at], base::parse_ip(text)->bytes.data(), 16); };
      put(22, source), put(38, destination);
      return bytes;
    };
    EXPECT_EQ(run("pod_egress", "icha", bytes_of(pod_frame())).verdict, kDropped);
    EXPECT_EQ(run("uplink_ingress", "uplink", bytes_of(uplink_frame())).verdict, kDropped);
  }
  EXPECT_EQ(count("drops", DROP_MAPPED_ADDRESS), 4U);
}

TEST_F(DatapathPackets, SourcesThatNobodyOutsideCanHaveAreDroppedOnTheirWayIntoAPod) {
  const struct {
    const char *source, *to;
  } martians[] = {{"127.0.0.1", "10.1.0.2"}, {"169.254.7.7", "10.1.0.2"},     {"224.0.0.5", "10.1.0.2"}, {"0.0.0.0", "10.1.0.2"},
                  {"0.1.2.3", "10.1.0.2"},   {"255.255.255.255", "10.1.0.2"}, {"::1", "fd00:1::2"},      {"::", "fd00:1::2"},
                  {"fe80::77", "fd00:1::2"}, {"febf::1", "fd00:1::2"},        {"ff02::1", "fd00:1::2"}};
  for (const auto& [source, to] : martians)
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, to} / Udp{1000, 53}).verdict, kDropped) << source;
  EXPECT_EQ(count("drops", DROP_MARTIAN_SOURCE), std::size(martians));
  for (const auto& [source, to] : {std::pair{"169.254.169.254", "10.1.0.2"},
                                   {"128.0.0.1", "10.1.0.2"},
                                   {"240.0.0.1", "10.1.0.2"},
                                   {"fec0::1", "fd00:1::2"},
                                   {"::2", "fd00:1::2"}})
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, to} / Udp{1000, 53}).verdict, kRedirected) << source;
  EXPECT_EQ(from_uplink(uplink_frame() / Ip{"127.0.0.1", "10.1.0.9"} / Udp{1000, 53}).verdict, kToNextProgram) << "not for a pod";
}

TEST_F(DatapathPackets, SourcesOfTheNodeAndItsPodsAreDroppedOnTheirWayIntoAPod) {
  ASSERT_TRUE(
      support::run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ip addr add 192.0.2.9/24 dev uplink;"
                   "ip addr add 2001:db8::9/64 dev uplink nodad"));
  add_pod_outside();
  put_delivery({});
  const std::pair<const char*, const char*> own[] = {{"192.0.2.9", "10.1.0.2"},
                                                     {"2001:db8::9", "fd00:1::2"},
                                                     {"10.1.0.3", "10.1.0.2"},
                                                     {"fd00:1::3", "fd00:1::2"},
                                                     {"10.7.0.4", "10.1.0.2"}};
  for (const auto& [source, to] : own) EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, to} / Udp{1000, 53}).verdict, kDropped) << source;
  EXPECT_EQ(count("drops", DROP_OWN_SOURCE), std::size(own));
  // Neighbours on the wire, a pod address that is not in use, one whose bit is that of another (every bit is set).
  put_delivery({}, true);
  for (const auto& [source, to] : {std::pair{"192.0.2.10", "10.1.0.2"}, {"2001:db8::10", "fd00:1::2"}, {"10.1.0.200", "10.1.0.2"}})
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{source, to} / Udp{1000, 53}).verdict, kRedirected) << source;
}

TEST_F(DatapathPackets, WhatMayNotGoDirectlyTakesTheStack) {
  using model::desired::Way;
  for (auto from : {Way::From::kUplinks, Way::From::kPods})
    for (const auto& family : kFamilies) {
      const bool v4 = family.own == kFamilies[0].own;
      put_delivery({{{from, v4 ? base::Family::kIpv4 : base::Family::kIpv6}, "a test"}});
      for (const auto& other : kFamilies) {
        const bool same = other.own == family.own;
        const bool uplinks = from == Way::From::kUplinks;
        EXPECT_EQ(from_uplink(uplink_frame() / Ip{other.outside, other.own} / Tcp{80, 1000}).verdict,
                  same && uplinks ? kToNextProgram : kRedirected);
        EXPECT_EQ(from_pod(pod_frame() / Ip{other.own, other.neighbor} / Tcp{1000, 80}).verdict, same && !uplinks ? kToStack : kRedirected);
      }
    }
  ASSERT_TRUE(io::kernel::DirectDeliveryStore(bpf_root_).remove({}).ok());
  EXPECT_EQ(from_pod(pod_frame() / Ip{"10.1.0.2", "10.1.0.3"} / Tcp{1000, 80}).verdict, kRedirected);
}

TEST_F(DatapathPackets, HeadersThatDoNotFitAreDroppedFromAPodAndLeftToTheStackFromTheUplink) {
  for (const auto& family : kFamilies) {
    bool v4 = family.own == kFamilies[0].own;
    for (bool uplink : {false, true}) {
      auto whole =
          ((uplink ? uplink_frame() : pod_frame()) / Ip{uplink ? family.outside : family.own, family.neighbor} / Tcp{1000, 80}).bytes();
      auto cut = whole;
      cut.resize(whole.size() - 4);
      auto other_version = whole;
      other_version[14] = 0x75;
      auto short_header = whole;
      short_header[14] = v4 ? 0x44 : 0x50;
      for (const auto& packet : {cut, other_version, short_header}) {
        auto outcome = uplink ? run("uplink_ingress", "uplink", packet) : run("pod_egress", "icha", packet);
        EXPECT_EQ(outcome.verdict, uplink ? kToNextProgram : static_cast<uint32_t>(TC_ACT_SHOT));
      }
    }
  }
  EXPECT_EQ(count("drops", DROP_MALFORMED), 6U);
}

TEST_F(DatapathPackets, UplinkToPodIsDeliveredWithItsTtl) {
  for (const auto& family : kFamilies) {
    Ip ip{family.outside, family.own, 7};
    auto outcome = from_uplink(uplink_frame() / ip / Udp{53, 1000} / Payload{"!"});

    EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(TC_ACT_REDIRECT));
    EXPECT_EQ(outcome.bytes, (delivered_frame(0) / ip / Udp{53, 1000} / Payload{"!"}).bytes());
  }
  EXPECT_EQ(count("deliveries", DELIVERED_FROM_UPLINK), 2U);
}

TEST_F(DatapathPackets, UplinkToAnythingElseGoesOn) {
  for (const auto& family : kFamilies)
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{family.outside, family.foreign} / Tcp{1000, 80}).verdict, kToNextProgram);
}

TEST_F(DatapathPackets, FrameForAnotherMachineIsLeftToTheStack) {
  Ethernet other{.source = {}, .destination = {{2, 0, 0, 0, 0, 0xcc}}};

  EXPECT_EQ(from_uplink(other / Ip{"192.0.2.1", "10.1.0.2"} / Tcp{1000, 80}).verdict, kToNextProgram);
  EXPECT_EQ(from_pod(other / Ip{"10.1.0.2", "10.1.0.3"} / Tcp{1000, 80}).verdict, static_cast<uint32_t>(TC_ACT_OK));
}

TEST_F(DatapathPackets, PacketTooBigForThePodIsLeftToTheStackToAnswer) {
  for (const auto& family : kFamilies) {
    auto with_payload = [&](size_t size) {
      return from_uplink(uplink_frame() / Ip{family.outside, family.neighbor} / Udp{1, 2} / Payload{std::string(size, 'x')});
    };
    size_t fits = kSmallMtu - 8 - (family.own == kFamilies[0].own ? 20 : 40);

    EXPECT_EQ(with_payload(fits).verdict, static_cast<uint32_t>(TC_ACT_REDIRECT));
    EXPECT_EQ(with_payload(fits + 1).verdict, kToNextProgram);
  }
}

TEST_F(DatapathPackets, PodWhoseLinkIsGoneIsLeftToTheStack) {
  ASSERT_TRUE(support::run("ip link del ichb"));

  EXPECT_EQ(from_pod(pod_frame() / Ip{"10.1.0.2", "10.1.0.3"} / Tcp{1000, 80}).verdict, static_cast<uint32_t>(TC_ACT_OK));
}

TEST_F(DatapathPackets, WhatTheStackDeliversIsCountedAndPasses) {
  auto packet = delivered_frame(0) / Ip{"192.0.2.1", "10.1.0.2"} / Tcp{1000, 80};

  EXPECT_EQ(run("pod_ingress", "icha", packet.bytes()).verdict, static_cast<uint32_t>(TC_ACT_OK));
  EXPECT_EQ(count("deliveries", DELIVERED_BY_STACK), 1U);
}

TEST_F(DatapathPackets, RealPodsTalkToEachOtherWithoutTheStack) {
  io::kernel::FilterStore filters(bpf_root_);
  for (const char* link : {"icha", "ichb"})
    for (FilterSide side : {FilterSide::kFromPod, FilterSide::kToPod}) {
      auto put = filters.put({.link = link, .side = side, .generation = io::kernel::program_generation()}, nullptr);
      ASSERT_TRUE(put.ok()) << put.error().text;
    }
  uint64_t before = count("deliveries", DELIVERED_FROM_POD);

  for (const auto& ip : pods_[1].addresses) {
    auto failure = support::exchange_datagrams(pods_[0].netns->get(), pods_[1].netns->get(), ip);
    EXPECT_EQ(failure, std::nullopt) << base::to_string(ip);
  }

  constexpr uint64_t kDatagrams = 4;  // there and back in both families
  EXPECT_GE(count("deliveries", DELIVERED_FROM_POD), before + kDatagrams);
}
