// Each tc program under BPF_PROG_TEST_RUN with packets of both families, its maps filled through the stores, and then the same
// programs on real pod links.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/if.h>

#include <cstring>

#include "abi/drop_reasons.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/filters.h"
#include "io/kernel/pod_entries.h"
#include "io/kernel/pod_links.h"
#include "support/datapath.h"
#include "support/packet.h"

using base::Mac;
using model::desired::FilterSide;
using model::desired::PodEntry;
using model::desired::PodLink;
using support::Ethernet;
using support::HopByHop;
using support::Icmp;
using support::Ip;
using support::Packet;
using support::Payload;
using support::Tcp;
using support::Udp;
using support::Vlan;

namespace {

constexpr uint32_t kToNextProgram = static_cast<uint32_t>(TCX_NEXT);
constexpr uint32_t kSmallMtu = 1400;

struct Outcome {
  uint32_t verdict = 0;
  std::vector<uint8_t> bytes;
};

// A node with the pods `icha` (10.1.0.2, fd00:1::2) and `ichb` (10.1.0.3, fd00:1::3, a smaller MTU) and the uplink `uplink`.
class DatapathPackets : public support::DatapathTest {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    load_datapath();
    add_pod(pods_[0], "icha", {"10.1.0.2", "fd00:1::2"}, 1, 1500);
    add_pod(pods_[1], "ichb", {"10.1.0.3", "fd00:1::3"}, 2, kSmallMtu);
    ASSERT_TRUE(support::run("ip link add uplink address 02:00:00:00:00:aa type veth peer name far && ip link set uplink up"));
  }

  void add_pod(PodLink& link, const std::string& name, std::vector<std::string> addresses, uint8_t number, uint32_t mtu) {
    auto netns = io::kernel::make_netns();
    ASSERT_TRUE(netns.ok());
    link.name = name, link.ifname = "eth0", link.mtu = mtu;
    link.host_mac = Mac{{2, 0, 0, 0, 1, number}}, link.pod_mac = Mac{{2, 0, 0, 0, 2, number}};
    for (const auto& address : addresses) link.addresses.push_back(*base::parse_ip(address));
    link.netns = std::make_shared<base::Fd>(std::move(netns).value());
    auto made = io::kernel::PodLinkStore().put(link, nullptr);
    ASSERT_TRUE(made.ok()) << made.error().text;
    for (const auto& ip : link.addresses) {
      auto put = io::kernel::PodEntryStore(bpf_root_).put({.address = ip, .link = name, .host_mac = link.host_mac, .pod_mac = link.pod_mac},
                                                          nullptr);
      ASSERT_TRUE(put.ok()) << put.error().text;
    }
  }

  Outcome run(const std::string& program, const std::string& link, const std::vector<uint8_t>& packet) {
    auto fd = io::kernel::open_program(bpf_root_, io::kernel::program_generation(), program);
    Outcome outcome;
    outcome.bytes.resize(packet.size() + 64);
    __sk_buff context = {};
    context.ifindex = if_nametoindex(link.c_str());
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_out = outcome.bytes.data(),
                .data_size_in = static_cast<uint32_t>(packet.size()), .data_size_out = static_cast<uint32_t>(outcome.bytes.size()),
                .ctx_in = &context, .ctx_size_in = sizeof context);
    EXPECT_EQ(bpf_prog_test_run_opts(fd->get(), &options), 0) << program << ": " << strerror(errno);
    outcome.verdict = options.retval;
    outcome.bytes.resize(options.data_size_out);
    return outcome;
  }
  Outcome from_pod(const Packet& packet) { return run("pod_egress", "icha", packet.bytes()); }
  Outcome from_uplink(const Packet& packet) { return run("uplink_ingress", "uplink", packet.bytes()); }

  Ethernet pod_frame() const { return {.source = pods_[0].pod_mac, .destination = pods_[0].host_mac}; }
  Ethernet uplink_frame() const { return {.source = {{2, 0, 0, 0, 0, 0xbb}}, .destination = {{2, 0, 0, 0, 0, 0xaa}}}; }
  Ethernet delivered_frame(int pod) const { return {.source = pods_[pod].host_mac, .destination = pods_[pod].pod_mac}; }

  uint64_t count(const std::string& map, uint32_t index) {
    std::vector<uint64_t> lanes(libbpf_num_possible_cpus());
    auto fd = io::kernel::open_map(bpf_root_, map);
    EXPECT_EQ(bpf_map_lookup_elem(fd->get(), &index, lanes.data()), 0);
    uint64_t sum = 0;
    for (uint64_t lane : lanes) sum += lane;
    return sum;
  }

  PodLink pods_[2];
};

// The same traffic in both families.
struct Addresses {
  const char *own, *neighbor, *outside, *foreign;
};
constexpr Addresses kFamilies[] = {{"10.1.0.2", "10.1.0.3", "192.0.2.1", "10.1.0.9"},
                                   {"fd00:1::2", "fd00:1::3", "2001:db8::1", "fd00:1::9"}};

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

TEST_F(DatapathPackets, NeighborDiscoveryOfAHostPassesFromLinkScopedSources) {
  constexpr uint8_t kSolicitation = 135, kAdvertisement = 136, kRouterSolicitation = 133, kMldReport = 143;
  for (const char* source : {"fe80::1", "::"})
    for (uint8_t type : {kSolicitation, kAdvertisement, kRouterSolicitation})
      EXPECT_EQ(from_pod(pod_frame() / Ip{source, "ff02::1", 255} / Icmp{type}).verdict, static_cast<uint32_t>(TC_ACT_OK)) << int{type};
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::16", 1} / HopByHop{} / Icmp{kMldReport}).verdict, static_cast<uint32_t>(TC_ACT_OK));
}

TEST_F(DatapathPackets, NothingElsePassesFromLinkScopedSources) {
  constexpr uint8_t kRouterAdvertisement = 134, kRedirect = 137, kEcho = 128, kMldQuery = 130;
  for (uint8_t type : {kRouterAdvertisement, kRedirect, kEcho, kMldQuery})
    EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "ff02::1", 255} / Icmp{type}).verdict, static_cast<uint32_t>(TC_ACT_SHOT)) << int{type};
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "fd00:1::3"} / Tcp{1000, 80}).verdict, static_cast<uint32_t>(TC_ACT_SHOT));
  EXPECT_EQ(from_pod(pod_frame() / Ip{"0.0.0.0", "10.1.0.3"} / Udp{68, 67}).verdict, static_cast<uint32_t>(TC_ACT_SHOT));
}

TEST_F(DatapathPackets, DiscoveryFromALinkScopedSourceIsNeverDeliveredToAPod) {
  EXPECT_EQ(from_pod(pod_frame() / Ip{"fe80::1", "fd00:1::3", 255} / Icmp{135}).verdict, static_cast<uint32_t>(TC_ACT_OK));
}

TEST_F(DatapathPackets, PodMaySendArpAndNoOtherProtocol) {
  constexpr uint16_t kArp = 0x0806, kIchor = 0x88B5, kServiceTag = 0x88A8;
  auto frame = [&](uint16_t type) {
    Ethernet ethernet = pod_frame();
    ethernet.type = type;
    return ethernet / Payload{std::string(46, '\0')};
  };

  EXPECT_EQ(from_pod(frame(kArp)).verdict, static_cast<uint32_t>(TC_ACT_OK));
  EXPECT_EQ(from_pod(frame(kIchor)).verdict, static_cast<uint32_t>(TC_ACT_SHOT));
  EXPECT_EQ(from_pod(frame(kServiceTag)).verdict, static_cast<uint32_t>(TC_ACT_SHOT));
  EXPECT_EQ(from_pod(pod_frame() / Vlan{0} / Ip{"10.1.0.9", "10.1.0.3"} / Tcp{1000, 80}).verdict, static_cast<uint32_t>(TC_ACT_SHOT));
  EXPECT_EQ(count("drops", DROP_FOREIGN_PROTOCOL), 3U);
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
