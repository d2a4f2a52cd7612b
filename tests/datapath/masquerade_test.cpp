// What pods send to the world, through both programs of an uplink, with whole packets compared: every checksum is right, or the bytes
// differ. All of it again with sums that a device has made (CHECKSUM_COMPLETE), which the kernel checks after each run.
#include "support/flow_packets.h"

using namespace support;  // packets, layer by layer

namespace {

constexpr uint8_t kSyn = 0x02, kSynAck = 0x12, kAck = 0x10, kFin = 0x11, kRst = 0x04;

// TCP's checksum in a quoted packet stays as it was, since not all of what it covers is quoted, and with it the error's own differs.
std::vector<uint8_t> without_quoted_checksum(std::vector<uint8_t> frame, bool udp) {
  const size_t header = frame[14] >> 4 == 4 ? 20 : 40, error = 14 + header, tcp = error + 8 + header;
  if (!udp) frame.at(tcp + 16) = frame.at(tcp + 17) = frame.at(error + 2) = frame.at(error + 3) = 0;
  return frame;
}

class DatapathMasquerade : public FlowPacketsTest, public testing::WithParamInterface<uint32_t> {
 protected:
  void SetUp() override {
    run_flags_ = GetParam();
    FlowPacketsTest::SetUp();
  }
};

INSTANTIATE_TEST_SUITE_P(, DatapathMasquerade, testing::Values(0U, kSummedByDevice),
                         [](const auto& info) { return info.param ? "SummedByDevice" : "NotSummed"; });

}  // namespace

TEST_P(DatapathMasquerade, WhatAPodSendsLeavesWithTheNodesAddressAndTheAnswerComesBack) {
  for (const auto& family : kFamilies) {
    const std::string node = node_address(family);
    const auto tcp = to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{40000, 443, kSyn} / Payload{"hello"});
    const uint16_t port = port_of(tcp, kSource);
    EXPECT_TRUE(is_nat_port(port)) << port;
    EXPECT_EQ(tcp.bytes, (pod_frame() / Ip{node, family.outside} / Tcp{port, 443, kSyn} / Payload{"hello"}).bytes());
    const auto answer = from_uplink(uplink_frame() / Ip{family.outside, node} / Tcp{443, port, kSynAck} / Payload{"!"});
    EXPECT_EQ(answer.verdict, kRedirected);
    EXPECT_EQ(answer.bytes, (delivered_frame(0) / Ip{family.outside, family.own} / Tcp{443, 40000, kSynAck} / Payload{"!"}).bytes());

    const auto udp = to_world(pod_frame() / Ip{family.own, family.outside} / Udp{40000, 53} / Payload{"odd"});
    const uint16_t udp_port = port_of(udp, kSource);
    EXPECT_EQ(udp.bytes, (pod_frame() / Ip{node, family.outside} / Udp{udp_port, 53} / Payload{"odd"}).bytes());
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{family.outside, node} / Udp{53, udp_port}).bytes,
              (delivered_frame(0) / Ip{family.outside, family.own} / Udp{53, 40000}).bytes());
  }
}

TEST_P(DatapathMasquerade, EchoesAreToldApartByTheirIdentifiers) {
  for (const auto& family : kFamilies) {
    const bool v4 = family.own == kFamilies[0].own;
    const uint8_t request = v4 ? 8 : 128, reply = v4 ? 0 : 129;
    std::set<uint16_t> identifiers;
    for (const char* pod : {family.own, family.neighbor}) {
      const auto out = to_world(pod_frame() / Ip{pod, family.outside} / Icmp{request, 0, 7U << 16 | 1} / Payload{"ping"});
      const uint16_t identifier = port_of(out, kIdentifier);
      identifiers.insert(identifier);
      EXPECT_EQ(out.bytes, (pod_frame() / Ip{node_address(family), family.outside} / Icmp{request, 0, uint32_t{identifier} << 16 | 1} /
                            Payload{"ping"})
                               .bytes());
      const auto back = from_uplink(uplink_frame() / Ip{family.outside, node_address(family)} /
                                    Icmp{reply, 0, uint32_t{identifier} << 16 | 1} / Payload{"ping"});
      EXPECT_EQ(
          back.bytes,
          (delivered_frame(pod == family.own ? 0 : 1) / Ip{family.outside, pod} / Icmp{reply, 0, 7U << 16 | 1} / Payload{"ping"}).bytes());
    }
    EXPECT_EQ(identifiers.size(), 2U);
  }
}

TEST_P(DatapathMasquerade, WhatIsForTheClusterOrNotFromAPodLeavesAsItIs) {
  for (const auto& family : kFamilies) {
    for (const auto& packet :
         {pod_frame() / Ip{family.own, peer_pod(family)} / Tcp{40000, 80}, pod_frame() / Ip{family.own, peer_pod(family)} / Udp{1, 2},
          pod_frame() / Ip{node_address(family), family.outside} / Tcp{40000, 80},
          pod_frame() / Ip{family.foreign, family.outside} / Udp{40000, 80}}) {
      const auto outcome = to_world(packet);
      EXPECT_EQ(outcome.verdict, kToNextProgram);
      EXPECT_EQ(outcome.bytes, packet.bytes());
    }
  }
  EXPECT_EQ(flows().size(), 0U);
}

TEST_P(DatapathMasquerade, AFlowKeepsItsPortAndUdpShowsOnePortToAllDestinations) {
  for (const auto& family : kFamilies) {
    const auto first = port_of(to_world(pod_frame() / Ip{family.own, family.outside} / Udp{5000, 53}), kSource);
    EXPECT_EQ(port_of(to_world(pod_frame() / Ip{family.own, family.outside} / Udp{5000, 53}), kSource), first);
    for (uint16_t port : {54, 55, 56})
      EXPECT_EQ(port_of(to_world(pod_frame() / Ip{family.own, family.outside} / Udp{5000, port}), kSource), first);
    const auto other = port_of(to_world(pod_frame() / Ip{family.neighbor, family.outside} / Udp{5000, 53}), kSource);
    EXPECT_NE(other, first);
  }
}

TEST_P(DatapathMasquerade, ADestinationWithoutAFreePortRefusesNewFlowsAndNothingElse) {
  for (const auto& family : kFamilies) {
    std::set<uint16_t> ports;
    for (uint16_t i = 0; i < kNatPorts; ++i) {
      const char* pod = i % 2 ? family.neighbor : family.own;
      const auto out = to_world(pod_frame() / Ip{pod, family.outside} / Tcp{static_cast<uint16_t>(40000 + i), 80});
      ASSERT_EQ(out.verdict, kToNextProgram) << i;
      ports.insert(port_of(out, kSource));
    }
    EXPECT_EQ(ports.size(), kNatPorts);
    const uint64_t before = count("drops", DROP_NO_NAT_PORT);
    EXPECT_EQ(to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{50000, 80}).verdict, kDropped);
    EXPECT_EQ(count("drops", DROP_NO_NAT_PORT), before + 1);
    EXPECT_EQ(to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{50000, 81}).verdict, kToNextProgram) << "another destination";
    EXPECT_EQ(to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{40000, 80, kAck}).verdict, kToNextProgram) << "a flow that lives";
  }
}

TEST_P(DatapathMasquerade, AFullTableRefusesNewFlowsAndKeepsTheOldOnes) {
  const auto pods = add_pods(8);
  const auto send = [&](int i) {
    return to_world(pod_frame() / Ip{pods[i % pods.size()], "198.51.100." + std::to_string(i)} / Udp{40000, 80}).verdict;
  };
  int opened = 0;
  while (opened < 250 && send(opened + 1) == kToNextProgram) ++opened;
  EXPECT_EQ(opened, 32) << "two entries for each of 64";
  EXPECT_GT(count("drops", DROP_FLOWS_FULL), 0U);
  EXPECT_EQ(flows().size(), 64U) << "no half of a flow is left";
  for (int i = 1; i <= opened; ++i) EXPECT_EQ(send(i), kToNextProgram) << i;
}

TEST_P(DatapathMasquerade, WhatTheWorldSentToAPodsOwnAddressIsAnsweredFromThere) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{family.outside, family.own} / Tcp{1000, 80, kSyn}).verdict, kRedirected);
    const auto answer = pod_frame() / Ip{family.own, family.outside} / Tcp{80, 1000, kSynAck};
    EXPECT_EQ(to_world(answer).bytes, answer.bytes());
    const auto own = to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{80, 1001, kSyn});
    EXPECT_NE(own.bytes, (pod_frame() / Ip{family.own, family.outside} / Tcp{80, 1001, kSyn}).bytes()) << "its own flow";
  }
}

TEST_P(DatapathMasquerade, ErrorsAboutAFlowReachThePodThatOwnsIt) {
  for (const auto& family : kFamilies) {
    const bool v4 = family.own == kFamilies[0].own;
    const std::string node = node_address(family), router = v4 ? "198.51.100.7" : "2001:db8:7::7";
    const Icmp too_big = v4 ? Icmp{3, 4, 1280} : Icmp{2, 0, 1280};
    const auto quoting = [](const Packet& packet) {
      const auto bytes = packet.bytes();
      return Payload{std::string(bytes.begin(), bytes.end())};
    };
    for (bool udp : {false, true}) {
      const Layer sent = udp ? Layer(Udp{40000, 53}) : Layer(Tcp{40000, 443});
      const uint16_t port = port_of(to_world(pod_frame() / Ip{family.own, family.outside} / sent / Payload{"quoted."}), kSource);
      const Layer translated = udp ? Layer(Udp{port, 53}) : Layer(Tcp{port, 443});
      const auto error =
          from_uplink(uplink_frame() / Ip{router, node} / too_big / quoting(Ip{node, family.outside} / translated / Payload{"quoted."}));
      EXPECT_EQ(error.verdict, kRedirected);
      const auto expected =
          (delivered_frame(0) / Ip{router, family.own} / too_big / quoting(Ip{family.own, family.outside} / sent / Payload{"quoted."}))
              .bytes();
      EXPECT_EQ(without_quoted_checksum(error.bytes, udp), without_quoted_checksum(expected, udp)) << (udp ? "UDP" : "TCP");
    }
  }
}

TEST_P(DatapathMasquerade, ErrorsThatAPodSendsLeaveWithTheNodesAddress) {
  for (const auto& family : kFamilies) {
    const bool v4 = family.own == kFamilies[0].own;
    const std::string node = node_address(family);
    const uint16_t port = port_of(to_world(pod_frame() / Ip{family.own, family.outside} / Udp{40000, 53}), kSource);
    const Icmp unreachable = v4 ? Icmp{3, 3} : Icmp{1, 4};
    const auto quoting = [](const Packet& packet) {
      const auto bytes = packet.bytes();
      return Payload{std::string(bytes.begin(), bytes.end())};
    };
    const auto out = to_world(pod_frame() / Ip{family.own, family.outside} / unreachable /
                              quoting(Ip{family.outside, family.own} / Udp{53, 40000} / Payload{"late"}));
    EXPECT_EQ(out.verdict, kToNextProgram);
    EXPECT_EQ(out.bytes,
              (pod_frame() / Ip{node, family.outside} / unreachable / quoting(Ip{family.outside, node} / Udp{53, port} / Payload{"late"}))
                  .bytes());
  }
}

TEST_P(DatapathMasquerade, FragmentsFollowTheirFirst) {
  const auto& family = kFamilies[0];
  const auto first =
      ipv4_fragment((pod_frame() / Ip{family.own, family.outside} / Udp{40000, 53} / Payload{std::string(24, 'a')}).bytes(), 77, 0, true);
  const auto later =
      ipv4_fragment((pod_frame() / Ip{family.own, family.outside, 64, IPPROTO_UDP} / Payload{std::string(16, 'b')}).bytes(), 77, 32, false);
  EXPECT_EQ(run("uplink_egress", "uplink", later).verdict, kDropped) << "before its first";
  EXPECT_EQ(count("drops", DROP_LOST_FRAGMENT), 1U);
  const auto first_out = run("uplink_egress", "uplink", first);
  ASSERT_EQ(first_out.verdict, kToNextProgram);
  const auto later_out = run("uplink_egress", "uplink", later);
  EXPECT_EQ(later_out.verdict, kToNextProgram);
  EXPECT_EQ(later_out.bytes,
            ipv4_fragment((pod_frame() / Ip{node_address(family), family.outside, 64, IPPROTO_UDP} / Payload{std::string(16, 'b')}).bytes(),
                          77, 32, false));

  const uint16_t port = port_of(first_out, kSource);
  const auto back = ipv4_fragment(
      (uplink_frame() / Ip{family.outside, node_address(family)} / Udp{53, port} / Payload{std::string(24, 'c')}).bytes(), 78, 0, true);
  const auto back_later = ipv4_fragment(
      (uplink_frame() / Ip{family.outside, node_address(family), 64, IPPROTO_UDP} / Payload{std::string(16, 'd')}).bytes(), 78, 32, false);
  EXPECT_EQ(run("uplink_ingress", "uplink", back_later).verdict, kToNextProgram) << "the node's own, for all that is known";
  EXPECT_EQ(run("uplink_ingress", "uplink", back).verdict, kRedirected);
  EXPECT_EQ(run("uplink_ingress", "uplink", back_later).verdict, kRedirected);
}

TEST_P(DatapathMasquerade, AUdpPacketWithoutAChecksumStaysWithoutOne) {
  const auto& family = kFamilies[0];
  auto bytes = (pod_frame() / Ip{family.own, family.outside} / Udp{40000, 53} / Payload{"x"}).bytes();
  bytes[14 + 20 + 6] = bytes[14 + 20 + 7] = 0;
  const auto out = run("uplink_egress", "uplink", bytes);
  EXPECT_EQ(out.verdict, kToNextProgram);
  EXPECT_EQ(out.bytes[14 + 20 + 6] | out.bytes[14 + 20 + 7], 0);
}

TEST_P(DatapathMasquerade, ProtocolsWithoutPortsLeaveByAddressOneAtATimeOrNotAtAll) {
  constexpr uint8_t kGre = 47, kUdpLite = 136;
  const auto& family = kFamilies[0];
  const auto gre = [&](const char* pod) { return pod_frame() / Ip{pod, family.outside, 64, kGre} / Payload{std::string(16, 'g')}; };
  EXPECT_EQ(to_world(gre(family.own)).bytes,
            (pod_frame() / Ip{node_address(family), family.outside, 64, kGre} / Payload{std::string(16, 'g')}).bytes());
  EXPECT_EQ(to_world(gre(family.neighbor)).verdict, kDropped);
  EXPECT_EQ(count("drops", DROP_NO_NAT_PORT), 1U);
  EXPECT_EQ(from_uplink(uplink_frame() / Ip{family.outside, node_address(family), 64, kGre} / Payload{std::string(16, 'h')}).bytes,
            (delivered_frame(0) / Ip{family.outside, family.own, 64, kGre} / Payload{std::string(16, 'h')}).bytes());
  EXPECT_EQ(to_world(pod_frame() / Ip{family.own, family.outside, 64, kUdpLite} / Payload{std::string(16, 'l')}).verdict, kDropped);
  EXPECT_EQ(count("drops", DROP_UNTRANSLATABLE), 1U);
}

TEST_P(DatapathMasquerade, StatesOfTcpAreThoseOfBothEntries) {
  const auto& family = kFamilies[0];
  const auto out = [&](uint8_t flags) { return to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{40000, 443, flags}); };
  const uint16_t port = port_of(out(kSyn), kSource);
  const auto back = [&](uint8_t flags) { from_uplink(uplink_frame() / Ip{family.outside, node_address(family)} / Tcp{443, port, flags}); };
  const auto states = [&] {
    std::set<int> states;
    for (const auto& [key, flow] : flows()) states.insert(flow.state);
    return states;
  };
  EXPECT_EQ(states(), std::set<int>{FLOW_NEW});
  back(kSynAck);
  EXPECT_EQ(states(), std::set<int>{FLOW_ESTABLISHED});
  out(kFin);
  EXPECT_EQ(states(), std::set<int>{FLOW_ESTABLISHED}) << "the other half may go on for hours";
  back(kFin);
  EXPECT_EQ(states(), std::set<int>{FLOW_CLOSING});
  out(kSyn);
  EXPECT_EQ(states(), std::set<int>{FLOW_NEW}) << "the pod uses the port again";
  back(kSynAck);
  back(kRst);
  EXPECT_EQ(states(), std::set<int>{FLOW_CLOSING});
}

TEST_P(DatapathMasquerade, FlowsThatAreOverdueEndWithoutAnAgent) {
  const auto& family = kFamilies[0];
  to_world(pod_frame() / Ip{family.own, family.outside} / Udp{40000, 53});
  to_world(pod_frame() / Ip{family.own, family.outside} / Udp{40001, 53});
  age(40000, 31);  // seconds: UDP that was not answered has 30
  EXPECT_TRUE(until([&] { return flows().size() == 2; })) << flows().size();
  for (const auto& [key, flow] : flows())
    if (key.way == FLOW_DEPARTS) EXPECT_EQ(ntohs(key.source_port_be), 40001);
}

// A flood of openings, of TCP and UDP: they make room in seconds, and so do one question and its answer, and a connection that has
// closed. What goes on is not touched.
TEST_P(DatapathMasquerade, ACrowdedTableEndsWhatNobodyWaitsForSooner) {
  const auto& family = kFamilies[0];
  const auto exchange = [&](const Layer& asked, const std::function<Layer(uint16_t)>& answer) {
    const uint16_t port = port_of(to_world(pod_frame() / Ip{family.own, family.outside} / asked), kSource);
    from_uplink(uplink_frame() / Ip{family.outside, node_address(family)} / answer(port));
  };
  const auto datagram = [](uint16_t port) { return Layer(Udp{53, port}); };
  exchange(Tcp{40000, 443, kSyn}, [](uint16_t port) { return Layer(Tcp{443, port, kSynAck}); });
  exchange(Udp{40001, 53}, datagram);
  exchange(Udp{40002, 53}, datagram), exchange(Udp{40002, 53}, datagram);
  exchange(Tcp{40003, 443, kSyn}, [](uint16_t port) { return Layer(Tcp{443, port, kRst}); });
  const auto pods = add_pods(8);
  const auto flood = [&](int flows) {
    for (int i = 1; i <= flows; ++i)
      to_world(pod_frame() / Ip{pods[i % pods.size()], "198.51.100." + std::to_string(i)} /
               (i % 2 ? Layer(Udp{40004, 80}) : Layer(Tcp{40004, 80, kSyn})));
  };
  flood(16);
  for (uint16_t port = 40000; port <= 40004; ++port) age(port, 6);  // seconds: alone none of them has less than 10
  flood(30);
  age(40004, 6);
  EXPECT_TRUE(until([&] { return flows().size() == 4; })) << flows().size();
  for (const auto& [key, flow] : flows()) {
    const uint16_t port = ntohs(key.way == FLOW_DEPARTS ? key.source_port_be : flow.port_be);
    EXPECT_TRUE(port == 40000 || port == 40002) << port;
  }
}

// The first look after the table has become crowded knows that it is, and does not learn it for the next one.
TEST_P(DatapathMasquerade, WhoOpensFlowsSaysThatTheTableIsCrowded) {
  const auto sweeper = [&] {
    auto map = io::kernel::HashMap<uint32_t, flow_sweeper>::open(bpf_root_, "flow_sweeper");
    return **map->find(0);
  };
  const auto pods = add_pods(8);
  const auto open = [&](int from, int to) {
    for (int i = from; i < to; ++i) to_world(pod_frame() / Ip{pods[i % pods.size()], "198.51.100." + std::to_string(i)} / Udp{40000, 80});
  };
  open(1, 24);
  age(40000, 6);
  open(24, 27);  // entries 47 to 52 of 64
  const auto crowded = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
  EXPECT_TRUE(until([&] { return sweeper().swept_ns > crowded; }));
  EXPECT_EQ(flows().size(), 6U) << "the young ones";
  EXPECT_EQ(sweeper().alive, 6U);
}

// One that floods a destination leaves three quarters of its ports to others, whatever room the table has.
TEST_P(DatapathMasquerade, APodHasSoManyFlowsToTheWorldThatNobodyAnswers) {
  config_.unanswered_per_pod = 3;
  load_datapath(config_);
  for (const auto& family : kFamilies) {
    const uint64_t before = count("drops", DROP_HALF_OPEN);
    const auto send = [&](const char* pod, uint16_t port) {
      return to_world(pod_frame() / Ip{pod, family.outside} / Tcp{port, 443, kSyn});
    };
    const uint16_t first = port_of(send(family.own, 40000), kSource);
    for (uint16_t port : {40001, 40002}) EXPECT_EQ(send(family.own, port).verdict, kToNextProgram);
    EXPECT_EQ(send(family.own, 40003).verdict, kDropped);
    EXPECT_EQ(count("drops", DROP_HALF_OPEN), before + 1);
    EXPECT_EQ(send(family.neighbor, 40003).verdict, kToNextProgram);
    from_uplink(uplink_frame() / Ip{family.outside, node_address(family)} / Tcp{443, first, kSynAck});
    EXPECT_EQ(send(family.own, 40003).verdict, kToNextProgram) << "one was answered";
  }
}

// One that floods leaves three quarters of the table to others.
TEST_P(DatapathMasquerade, OneSourceHasAQuarterOfTheTableForFlowsThatNobodyAnswers) {
  for (const auto& family : kFamilies) {
    const std::string world = family.own == kFamilies[0].own ? "198.51.100." : "2001:db8:7::";
    const auto send = [&](const char* pod, int i) { return to_world(pod_frame() / Ip{pod, world + std::to_string(i)} / Udp{40000, 80}); };
    int opened = 0;
    while (opened < 100 && send(family.own, opened + 1).verdict == kToNextProgram) ++opened;
    EXPECT_EQ(opened, 8) << "of 64 entries, two for each";
    EXPECT_EQ(count("drops", DROP_HALF_OPEN), family.own == kFamilies[0].own ? 1U : 3U);
    EXPECT_EQ(send(family.own, 1).verdict, kToNextProgram) << "what it has goes on";
    const auto other = send(family.neighbor, 1);
    EXPECT_EQ(other.verdict, kToNextProgram);

    const uint16_t port = port_of(send(family.own, 1), kSource);
    from_uplink(uplink_frame() / Ip{world + "1", node_address(family)} / Udp{80, port});
    EXPECT_EQ(send(family.own, 50).verdict, kToNextProgram) << "one was answered";
    EXPECT_EQ(send(family.own, 51).verdict, kDropped);
  }
  age(40000, 121);
  EXPECT_TRUE(until([&] { return flows().empty(); })) << flows().size();
  EXPECT_TRUE(
      until([&] { return to_world(pod_frame() / Ip{kFamilies[0].own, "198.51.100.9"} / Udp{40000, 80}).verdict == kToNextProgram; }));
}
