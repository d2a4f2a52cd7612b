// What the outside sends to Services, through both programs of an uplink; all of it again with sums that a device has made.
#include "support/arrival_packets.h"

using namespace support;  // packets, layer by layer

namespace {

class DatapathArrivals : public ArrivalPacketsTest {};

INSTANTIATE_TEST_SUITE_P(, DatapathArrivals, testing::Values(0U, kSummedByDevice),
                         [](const auto& info) { return info.param ? "SummedByDevice" : "NotSummed"; });

}  // namespace

TEST_P(DatapathArrivals, APodOfThisNodeSeesTheClientAndTheClientTheServicesAddress) {
  for (const auto& family : kFamilies)
    for (const auto& [called, port] : {std::pair{vip(family), kPort}, {node_address(family), kNodePort}})
      for (bool udp : {false, true}) {
        const uint16_t client = port + udp;
        const Layer there = udp ? Layer(Udp{client, port}) : Layer(Tcp{client, port, kSyn});
        const Layer to_backend = udp ? Layer(Udp{client, kBackendPort}) : Layer(Tcp{client, kBackendPort, kSyn});
        const Layer from_backend = udp ? Layer(Udp{kBackendPort, client}) : Layer(Tcp{kBackendPort, client, kSynAck});
        const Layer back = udp ? Layer(Udp{port, client}) : Layer(Tcp{port, client, kSynAck});
        for (int round : {1, 2}) {
          const auto in = arrives(family, there, called);
          EXPECT_EQ(in.verdict, kRedirected) << round;
          EXPECT_EQ(in.bytes, (delivered_frame(0) / Ip{family.outside, family.own} / to_backend / Payload{"hello"}).bytes());
          const auto out = to_world(pod_frame() / Ip{family.own, family.outside} / from_backend / Payload{"!"});
          EXPECT_EQ(out.bytes, (pod_frame() / Ip{called, family.outside} / back / Payload{"!"}).bytes());
        }
      }
}

TEST_P(DatapathArrivals, ABackendElsewhereSeesTheNodeAndItsAnswersComeBackThroughIt) {
  for (const auto& family : kFamilies) {
    lead(family, {remote(family)});
    const std::string node = node_address(family), peer = peer_pod(family);
    const auto in = arrives(family, Tcp{5000, kPort, kSyn}, vip(family));
    EXPECT_EQ(in.verdict, kToNextProgram);
    EXPECT_EQ(in.bytes, (uplink_frame() / Ip{family.outside, peer} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"}).bytes());
    const auto on = to_world(uplink_frame() / Ip{family.outside, peer} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"});
    const uint16_t port = port_of(on, kSource);
    EXPECT_TRUE(is_nat_port(port)) << port;
    EXPECT_EQ(on.bytes, (uplink_frame() / Ip{node, peer} / Tcp{port, kBackendPort, kSyn} / Payload{"hello"}).bytes());

    const auto answer = from_uplink(uplink_frame() / Ip{peer, node} / Tcp{kBackendPort, port, kSynAck} / Payload{"!"});
    EXPECT_EQ(answer.verdict, kToNextProgram);
    EXPECT_EQ(answer.bytes, (uplink_frame() / Ip{peer, family.outside} / Tcp{kBackendPort, 5000, kSynAck} / Payload{"!"}).bytes());
    const auto back = to_world(uplink_frame() / Ip{peer, family.outside} / Tcp{kBackendPort, 5000, kSynAck} / Payload{"!"});
    EXPECT_EQ(back.bytes, (uplink_frame() / Ip{vip(family), family.outside} / Tcp{kPort, 5000, kSynAck} / Payload{"!"}).bytes());
  }
}

// A pod with host networking, say: it is the node itself that answers.
TEST_P(DatapathArrivals, ABackendThatIsTheNodeItselfSeesTheClient) {
  for (const auto& family : kFamilies) {
    lead(family, {{ip(node_address(family)), kBackendPort}});
    const auto in = arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family));
    EXPECT_EQ(in.verdict, kToNextProgram);
    EXPECT_EQ(in.bytes,
              (uplink_frame() / Ip{family.outside, node_address(family)} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"}).bytes());
    const auto out = to_world(uplink_frame() / Ip{node_address(family), family.outside} / Tcp{kBackendPort, 5000, kSynAck});
    EXPECT_EQ(out.bytes, (uplink_frame() / Ip{node_address(family), family.outside} / Tcp{kNodePort, 5000, kSynAck}).bytes());
  }
  EXPECT_EQ(flows().size(), 4U);
}

TEST_P(DatapathArrivals, SourceRangesAreAskedForTheClientsOwnAddressAndOnlyWhereTheyHold) {
  for (const auto& family : kFamilies) {
    lead(family, {own(family)}, 0, true);
    expect_drop(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)), DROP_SOURCE_RANGE);
    const auto range = *base::parse_cidr(is_v4(family) ? "192.0.2.0/30" : "2001:db8::/126");
    const model::desired::SourceRange row{set_of(family, Protocol::kTcp), range};
    put_row(source_ranges_, row);
    EXPECT_EQ(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)).verdict, kRedirected);
    expect_drop(from_uplink(uplink_frame() / Ip{is_v4(family) ? "192.0.2.4" : "2001:db8::4", vip(family)} / Tcp{5000, kPort, kSyn}),
                DROP_SOURCE_RANGE);
    expect_drop(arrives(family, Udp{5000, kPort}, vip(family)), DROP_SOURCE_RANGE);  // another port's
    EXPECT_EQ(arrives(family, Tcp{5001, kNodePort, kSyn}, node_address(family)).verdict, kRedirected) << "N4: not by a NodePort";
    ASSERT_TRUE(source_ranges_.remove(row).ok());
    EXPECT_EQ(arrives(family, Tcp{5000, kPort, kAck}, vip(family)).verdict, kRedirected) << "what goes on goes on";
    expect_drop(arrives(family, Tcp{5002, kPort, kSyn}, vip(family)), DROP_SOURCE_RANGE);
  }
  auto rows = source_ranges_.list();
  EXPECT_TRUE(rows.ok() && rows->empty());
}

TEST_P(DatapathArrivals, WithoutABackendThePacketEndsHereForAReason) {
  for (const auto& family : kFamilies) {
    lead(family, {});
    EXPECT_EQ(from_uplink(uplink_frame() / Ip{family.outside, vip(family)} / Tcp{5000, kPort, kSyn}).verdict, kRedirected)
        << "a refusal, see answers_test";
    put_set({.id = set_of(family, Protocol::kTcp), .endpoints_elsewhere = true}, {});
    expect_drop(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)), DROP_NO_LOCAL_ENDPOINT);
    const std::string lost = is_v4(family) ? "198.51.100.77" : "2001:db9::77";
    ASSERT_TRUE(support::run("ip route add unreachable " + lost));
    lead(family, {{ip(lost), 1}});
    expect_drop(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)), DROP_NO_NAT_SOURCE);
  }
  EXPECT_EQ(flows().size(), 0U);
}

TEST_P(DatapathArrivals, WhatIsNoServicesGoesOnAsItIs) {
  for (const auto& family : kFamilies) {
    put_row(*stores_.frontends,
            Frontend{.address = ip(is_v4(family) ? "10.96.0.1" : "fd00:96::1"), .port = kPort, .callers = set_of(family, Protocol::kTcp)});
    for (const auto& [to, port] : {std::pair{vip(family), uint16_t{81}},
                                   {node_address(family), kPort},
                                   {node_address(family), uint16_t{30081}},
                                   {vip(family), kNodePort},
                                   {std::string(is_v4(family) ? "10.96.0.1" : "fd00:96::1"), kPort}}) {
      const auto packet = uplink_frame() / Ip{family.outside, to} / Tcp{5000, port, kSyn};
      const auto out = from_uplink(packet);
      EXPECT_EQ(out.verdict, kToNextProgram) << to << " " << port;
      EXPECT_EQ(out.bytes, packet.bytes());
    }
  }
  EXPECT_EQ(flows().size(), 0U);
}

TEST_P(DatapathArrivals, SourcesThatNobodyOutsideHasOpenNothing) {
  const auto send = [&](const char* source, const Addresses& family) {
    return from_uplink(uplink_frame() / Ip{source, vip(family)} / Tcp{5000, kPort, kSyn});
  };
  expect_drop(send("127.0.0.1", kFamilies[0]), DROP_MARTIAN_SOURCE);
  expect_drop(send("fe80::1", kFamilies[1]), DROP_MARTIAN_SOURCE);
  for (const auto& family : kFamilies) {
    expect_drop(send(family.neighbor, family), DROP_OWN_SOURCE);
    expect_drop(send(node_address(family).c_str(), family), DROP_OWN_SOURCE);
  }
  EXPECT_EQ(flows().size(), 0U);
}

TEST_P(DatapathArrivals, AClientWithAffinityKeepsItsBackendFromEveryPortAndOthersChoose) {
  for (const auto& family : kFamilies) {
    lead(family, {own(family), neighbor(family)}, 100);
    std::set<int> chosen;
    for (int client = 10; client < 17; ++client) {
      const std::string address = is_v4(family) ? "198.51.100." + std::to_string(client) : "2001:db8:7::" + std::to_string(client);
      const int pod = pod_of(family, 1000, address);
      EXPECT_EQ(pod_of(family, 1001, address), pod);
      chosen.insert(pod);
    }
    EXPECT_EQ(chosen, (std::set<int>{0, 1}));
  }
}

TEST_P(DatapathArrivals, OfOneClientEachPortChoosesAndStays) {
  const auto& family = kFamilies[0];
  lead(family, {own(family), neighbor(family)});
  std::map<uint16_t, int> chosen;
  std::set<int> pods;
  for (uint16_t port = 1000; port < 1007; ++port) pods.insert(chosen[port] = pod_of(family, port, family.outside));
  EXPECT_EQ(pods, (std::set<int>{0, 1}));
  for (const auto& [port, pod] : chosen) EXPECT_EQ(pod_of(family, port, family.outside), pod);
}

// One port of a client may lead to a backend by one name only, or answers would bear the wrong one.
TEST_P(DatapathArrivals, AClientThatCallsTwoNamesFromOnePortGetsTwoBackendsOrIsRefused) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)).verdict, kRedirected);
    expect_drop(arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family)), DROP_FLOW_CLASH);
    lead(family, {own(family), neighbor(family)});
    const auto other = arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family));
    EXPECT_EQ(other.bytes,
              (delivered_frame(1) / Ip{family.outside, family.neighbor} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"}).bytes());
  }
}

// Clients use ports again, for another name too, when they are through with what they had.
TEST_P(DatapathArrivals, APortThatIsUsedAgainForAnotherNameIsServedOnceTheFirstIsThrough) {
  for (const auto& family : kFamilies) {
    arrives(family, Tcp{5000, kPort, kSyn}, vip(family));
    to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{kBackendPort, 5000, kSynAck});
    expect_drop(arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family)), DROP_FLOW_CLASH);
    to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{kBackendPort, 5000, 0x04});  // RST
    EXPECT_EQ(arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family)).verdict, kRedirected);

    arrives(family, Udp{5001, kPort}, vip(family));
    expect_drop(arrives(family, Udp{5001, kNodePort}, node_address(family)), DROP_FLOW_CLASH);
    age(5001, 3);
    EXPECT_EQ(arrives(family, Udp{5001, kNodePort}, node_address(family)).verdict, kRedirected);

    to_world(pod_frame() / Ip{family.own, family.outside} / Udp{kBackendPort, 5002});  // late, of a flow that was ended
    EXPECT_EQ(arrives(family, Udp{5002, kPort}, vip(family)).verdict, kRedirected);
  }
  EXPECT_EQ(flows().size(), 12U);
}

TEST_P(DatapathArrivals, AConnectionStaysWithABackendThatLeftAndANewOneFromItsPortDoesNot) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(pod_of(family, 5000, family.outside), 0);
    to_world(pod_frame() / Ip{family.own, family.outside} / Tcp{kBackendPort, 5000, kSynAck});
    lead(family, {neighbor(family)});
    EXPECT_EQ(arrives(family, Tcp{5000, kPort, kAck}, vip(family)).bytes,
              (delivered_frame(0) / Ip{family.outside, family.own} / Tcp{5000, kBackendPort, kAck} / Payload{"hello"}).bytes());
    EXPECT_EQ(pod_of(family, 5000, family.outside), 1);
    EXPECT_EQ(pod_of(family, 5000, family.outside), 1) << "its SYN again";
  }
}

// U1: a client that sends on and on from one port.
TEST_P(DatapathArrivals, DatagramsLeaveABackendThatLeft) {
  for (const auto& family : kFamilies) {
    EXPECT_EQ(pod_of(family, 5000, family.outside, true), 0);
    lead(family, {own(family), neighbor(family)});
    age(5000, 1);
    EXPECT_EQ(pod_of(family, 5000, family.outside, true), 0) << "it is still among them";
    lead(family, {neighbor(family)});
    age(5000, 1);
    EXPECT_EQ(pod_of(family, 5000, family.outside, true), 1);
  }
}

// U2: what comes while there is no backend leaves nothing behind.
TEST_P(DatapathArrivals, DatagramsBeforeTheFirstBackendPinNothing) {
  const auto& family = kFamilies[0];
  lead(family, {});
  run_flags_ = kIsCut;
  EXPECT_EQ(pod_of(family, 5000, family.outside, true), -1);
  lead(family, {own(family)});
  EXPECT_EQ(pod_of(family, 5000, family.outside, true), 0);
}

TEST_P(DatapathArrivals, ErrorsAboutAnswersReachTheirSenderWhereverItIs) {
  for (const auto& family : kFamilies) {
    const bool v4 = is_v4(family);
    const std::string router = v4 ? "198.51.100.7" : "2001:db8:7::7", node = node_address(family), peer = peer_pod(family);
    const Icmp too_big = v4 ? Icmp{3, 4, 1280} : Icmp{2, 0, 1280};
    arrives(family, Udp{5000, kPort}, vip(family));
    const auto quoted_answer = quoting(Ip{vip(family), family.outside} / Udp{kPort, 5000} / Payload{"quoted."});
    const auto error = from_uplink(uplink_frame() / Ip{router, vip(family)} / too_big / quoted_answer);
    EXPECT_EQ(error.verdict, kRedirected);
    EXPECT_EQ(error.bytes, (delivered_frame(0) / Ip{router, family.own} / too_big /
                            quoting(Ip{family.own, family.outside} / Udp{kBackendPort, 5000} / Payload{"quoted."}))
                               .bytes());

    lead(family, {remote(family)});
    age(5000, 1);
    arrives(family, Udp{5000, kPort}, vip(family));
    const auto sent = to_world(uplink_frame() / Ip{family.outside, peer} / Udp{5000, kBackendPort});
    const uint16_t port = port_of(sent, kSource);
    const auto on = from_uplink(uplink_frame() / Ip{router, vip(family)} / too_big / quoted_answer);
    const auto half =
        uplink_frame() / Ip{router, peer} / too_big / quoting(Ip{peer, family.outside} / Udp{kBackendPort, 5000} / Payload{"quoted."});
    EXPECT_EQ(on.verdict, kToNextProgram);
    EXPECT_EQ(on.bytes, half.bytes());
    EXPECT_EQ(
        to_world(half).bytes,
        (uplink_frame() / Ip{router, peer} / too_big / quoting(Ip{peer, node} / Udp{kBackendPort, port} / Payload{"quoted."})).bytes());
  }
}

// The node that sends a packet on over the link that it came by says so: of a backend, of which the client knows nothing, and never of
// the Service's address.
TEST_P(DatapathArrivals, RedirectsNameNoServicesAddress) {
  const auto& family = kFamilies[0];
  lead(family, {remote(family)});
  arrives(family, Udp{5000, kPort}, vip(family));
  const auto redirect = uplink_frame() / Ip{node_address(family), family.outside} / Icmp{5, 1} /
                        quoting(Ip{family.outside, peer_pod(family)} / Udp{5000, kBackendPort});
  EXPECT_EQ(to_world(redirect).bytes, redirect.bytes());
}

TEST_P(DatapathArrivals, FragmentsFollowTheirFirst) {
  const auto& family = kFamilies[0];
  const auto first = ipv4_fragment(
      (uplink_frame() / Ip{family.outside, vip(family)} / Udp{5000, kPort} / Payload{std::string(24, 'a')}).bytes(), 77, 0, true);
  const auto later = ipv4_fragment(
      (uplink_frame() / Ip{family.outside, vip(family), 64, IPPROTO_UDP} / Payload{std::string(16, 'b')}).bytes(), 77, 32, false);
  EXPECT_EQ(run("uplink_ingress", "uplink", first).verdict, kRedirected);
  const auto out = run("uplink_ingress", "uplink", later);
  EXPECT_EQ(out.verdict, kRedirected);
  EXPECT_EQ(out.bytes,
            ipv4_fragment((delivered_frame(0) / Ip{family.outside, family.own, 64, IPPROTO_UDP} / Payload{std::string(16, 'b')}).bytes(),
                          77, 32, false));
}

TEST_P(DatapathArrivals, AFullTableRefusesNewFlowsAndKeepsTheOldOnes) {
  const auto& family = kFamilies[0];
  lead(family, {remote(family)});
  const auto send = [&](int i) { return from_uplink(uplink_frame() / Ip{"198.51.100." + std::to_string(i), vip(family)} / Udp{9, kPort}); };
  int opened = 0;
  while (opened < 100 && send(opened + 1).verdict == kToNextProgram) ++opened;
  EXPECT_EQ(opened, kNatPorts) << "ports for that backend";
  EXPECT_EQ(count("drops", DROP_NO_NAT_PORT), 1U);
  lead(family, {own(family)});
  int more = 0;
  while (more < 100 && send(100 + more).verdict == kRedirected) ++more;
  EXPECT_EQ(more, (64 - 4 * kNatPorts) / 2) << "two entries each, four of those that are sent on";
  EXPECT_EQ(count("drops", DROP_FLOWS_FULL), 1U);
  EXPECT_EQ(flows().size(), 64U);
  for (int i = 0; i < more; ++i) EXPECT_EQ(send(100 + i).verdict, kRedirected) << i;
}

TEST_P(DatapathArrivals, AnAddressWithoutFrontendsIsNotLookedAtAnyMore) {
  const auto& family = kFamilies[0];
  auto opened = io::kernel::HashMap<uint32_t, uint64_t>::open(bpf_root_, "frontend_addresses");
  ASSERT_TRUE(opened.ok());
  const auto bits = [&] {
    int sum = 0;
    for (uint32_t word = 0; word < FRONTEND_ADDRESS_BITS / 64; ++word) sum += std::popcount(**opened->find(word));
    return sum;
  };
  EXPECT_EQ(bits(), 2) << "of each family one";
  for (auto protocol : {Protocol::kTcp, Protocol::kUdp}) {
    EXPECT_EQ(bits(), 2);
    ASSERT_TRUE(stores_.frontends->remove({.address = ip(vip(family)), .port = kPort, .protocol = protocol}).ok());
  }
  EXPECT_EQ(bits(), 1);
}
