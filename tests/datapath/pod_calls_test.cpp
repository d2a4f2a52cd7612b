// What pods send to Services and no socket program translated: raw sockets, virtual machines, socketLB.hostNamespaceOnly.
#include "support/arrival_packets.h"

using namespace support;  // packets, layer by layer

namespace {

class DatapathPodCalls : public ArrivalPacketsTest {
 protected:
  void SetUp() override {
    ArrivalPacketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const auto& family : kFamilies) {
      put_row(node_addresses_, {.address = ip(peer_node(family)), .peer = true});
      serve(family, {neighbor(family)});
    }
  }
  static std::string cluster_ip(const Addresses& family) { return is_v4(family) ? "10.96.0.1" : "fd00:96::1"; }
  static std::string peer_node(const Addresses& family) { return is_v4(family) ? "192.0.2.7" : "2001:db8::7"; }
  static std::string gateway(const Addresses& family) { return is_v4(family) ? kGateway4 : kGateway6; }
  void serve(const Addresses& family, const std::vector<Backend>& backends) {
    lead(family, backends, 0, false, Sole::kOutside);
    for (auto protocol : {Protocol::kTcp, Protocol::kUdp})
      put_row(*stores_.frontends, Frontend{.address = ip(cluster_ip(family)),
                                           .port = kPort,
                                           .protocol = protocol,
                                           .callers = set_of(family, protocol),
                                           .sole = Sole::kEverybody});
  }
  Outcome calls(const Addresses& family, const std::string& to, const Layer& layer) {
    return from_pod(pod_frame() / Ip{family.own, to} / layer / Payload{"hello"});
  }
  Outcome from_neighbor(const Packet& packet) { return run("pod_egress", "ichb", packet.bytes()); }
  Ethernet neighbor_frame() const { return {.source = pods_[1].pod_mac, .destination = pods_[1].host_mac}; }
};

INSTANTIATE_TEST_SUITE_P(, DatapathPodCalls, testing::Values(0U, kSummedByDevice),
                         [](const auto& info) { return info.param ? "SummedByDevice" : "NotSummed"; });

}  // namespace

TEST_P(DatapathPodCalls, ABackendOnTheNodeSeesThePodAndThePodTheServicesAddress) {
  for (const auto& family : kFamilies)
    for (const auto& [called, port] :
         {std::pair{cluster_ip(family), kPort}, {vip(family), kPort}, {node_address(family), kNodePort}, {peer_node(family), kNodePort}})
      for (bool udp : {false, true}) {
        const auto client = static_cast<uint16_t>(called.size() * 100 + called.back() + udp);
        const Layer there = udp ? Layer(Udp{client, port}) : Layer(Tcp{client, port, kSyn});
        const Layer to_backend = udp ? Layer(Udp{client, kBackendPort}) : Layer(Tcp{client, kBackendPort, kSyn});
        const Layer from_backend = udp ? Layer(Udp{kBackendPort, client}) : Layer(Tcp{kBackendPort, client, kSynAck});
        const Layer back = udp ? Layer(Udp{port, client}) : Layer(Tcp{port, client, kSynAck});
        for (int round : {1, 2}) {
          const auto in = calls(family, called, there);
          EXPECT_EQ(in.verdict, kRedirected) << called << " " << round;
          EXPECT_EQ(in.bytes, (delivered_frame(1) / Ip{family.own, family.neighbor} / to_backend / Payload{"hello"}).bytes());
          const auto out = from_neighbor(neighbor_frame() / Ip{family.neighbor, family.own} / from_backend / Payload{"!"});
          EXPECT_EQ(out.verdict, kRedirected);
          EXPECT_EQ(out.bytes, (delivered_frame(0) / Ip{called, family.own} / back / Payload{"!"}).bytes());
        }
      }
}

TEST_P(DatapathPodCalls, ABackendElsewhereSeesThePodToo) {
  for (const auto& family : kFamilies) {
    const std::string peer = peer_pod(family);
    serve(family, {remote(family)});
    const auto in = calls(family, cluster_ip(family), Tcp{5000, kPort, kSyn});
    EXPECT_EQ(in.verdict, kToStack);
    EXPECT_EQ(in.bytes, (pod_frame() / Ip{family.own, peer} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"}).bytes());
    const auto leaving = pod_frame() / Ip{family.own, peer} / Tcp{5000, kBackendPort, kSyn};
    EXPECT_EQ(to_world(leaving).bytes, leaving.bytes());
    const auto answer = from_uplink(uplink_frame() / Ip{peer, family.own} / Tcp{kBackendPort, 5000, kSynAck});
    EXPECT_EQ(answer.verdict, kRedirected);
    EXPECT_EQ(answer.bytes, (delivered_frame(0) / Ip{cluster_ip(family), family.own} / Tcp{kPort, 5000, kSynAck}).bytes());
  }
  EXPECT_EQ(flows().size(), 4U);
}

// An API server with host networking, say: what the node answers comes through the stack.
TEST_P(DatapathPodCalls, ABackendThatIsTheNodeItselfAnswersThroughTheStack) {
  for (const auto& family : kFamilies) {
    serve(family, {{ip(node_address(family)), kBackendPort}});
    EXPECT_EQ(calls(family, cluster_ip(family), Tcp{5000, kPort, kSyn}).verdict, kToStack);
    const auto answer =
        run("pod_ingress", "icha", (delivered_frame(0) / Ip{node_address(family), family.own} / Tcp{kBackendPort, 5000, kSynAck}).bytes());
    EXPECT_EQ(answer.verdict, kToStack);
    EXPECT_EQ(answer.bytes, (delivered_frame(0) / Ip{cluster_ip(family), family.own} / Tcp{kPort, 5000, kSynAck}).bytes());
  }
}

TEST_P(DatapathPodCalls, APodThatIsItsOwnBackendSeesItsGateway) {
  for (const auto& family : kFamilies) {
    serve(family, {own(family)});
    const auto in = calls(family, cluster_ip(family), Tcp{5000, kPort, kSyn});
    EXPECT_EQ(in.verdict, kRedirected);
    EXPECT_EQ(in.bytes, (delivered_frame(0) / Ip{gateway(family), family.own} / Tcp{5000, kBackendPort, kSyn} / Payload{"hello"}).bytes());
    const auto out = from_pod(pod_frame() / Ip{family.own, gateway(family)} / Tcp{kBackendPort, 5000, kSynAck});
    EXPECT_EQ(out.verdict, kRedirected);
    EXPECT_EQ(out.bytes, (delivered_frame(0) / Ip{cluster_ip(family), family.own} / Tcp{kPort, 5000, kSynAck}).bytes());
  }
}

// E2: such a call is that peer's to judge.
TEST_P(DatapathPodCalls, APeersNodePortOfAServiceWithPolicyLocalIsLeftToThePeer) {
  for (const auto& family : kFamilies) {
    put_set({.id = set_of(family, Protocol::kTcp), .external_local = true}, {neighbor(family)});
    EXPECT_EQ(calls(family, peer_node(family), Tcp{5000, kNodePort, kSyn}).verdict, kToStack);
    EXPECT_EQ(calls(family, node_address(family), Tcp{5000, kNodePort, kSyn}).verdict, kRedirected);
  }
}

// L5: pods of the node are clients as all others are.
TEST_P(DatapathPodCalls, L5SourceRangesHoldForPodsToo) {
  for (const auto& family : kFamilies) {
    lead(family, {neighbor(family)}, 0, true);
    expect_drop(calls(family, vip(family), Tcp{5000, kPort, kSyn}), DROP_SOURCE_RANGE);
    put_row(source_ranges_,
            model::desired::SourceRange{set_of(family, Protocol::kTcp), *base::parse_cidr(is_v4(family) ? "10.1.0.0/16" : "fd00:1::/64")});
    EXPECT_EQ(calls(family, vip(family), Tcp{5000, kPort, kSyn}).verdict, kRedirected);
    EXPECT_EQ(calls(family, cluster_ip(family), Tcp{5001, kPort, kSyn}).verdict, kRedirected);
  }
}

TEST_P(DatapathPodCalls, RefusalsAndEchoesGoBackToThePod) {
  run_flags_ = kIsCut;
  for (const auto& family : kFamilies) {
    const bool v4 = is_v4(family);
    const auto reset = [&](uint16_t port) {
      return (back_to_pod_frame() / Ip{cluster_ip(family), family.own} / Tcp{port, 5000, 0x14, 0, 6, 0}).bytes();
    };
    EXPECT_EQ(calls(family, cluster_ip(family), Tcp{5000, 81, kSyn}).bytes, reset(81));
    serve(family, {});
    EXPECT_EQ(calls(family, cluster_ip(family), Tcp{5000, kPort, kSyn}).bytes, reset(kPort));
    const auto echo = [&](Ethernet frame, const std::string& from, const std::string& to, bool reply) {
      return frame / Ip{from, to} / Icmp{static_cast<uint8_t>(v4 ? (reply ? 0 : 8) : (reply ? 129 : 128)), 0, 7} / Payload{"ping"};
    };
    const auto out = from_pod(echo(pod_frame(), family.own, cluster_ip(family), false));
    EXPECT_EQ(out.verdict, kRedirected);
    EXPECT_EQ(out.bytes, echo(back_to_pod_frame(), cluster_ip(family), family.own, true).bytes());
    EXPECT_EQ(calls(family, vip(family), Tcp{5000, 81, kSyn}).verdict, kToStack) << "an external address may be somebody's";
  }
}

TEST_P(DatapathPodCalls, ErrorsAboutACallSpeakOfTheServicesAddress) {
  for (const auto& family : kFamilies) {
    const std::string router = is_v4(family) ? "198.51.100.7" : "2001:db8:7::7", peer = peer_pod(family);
    const Icmp too_big = is_v4(family) ? Icmp{3, 4, 1280} : Icmp{2, 0, 1280};
    serve(family, {remote(family)});
    calls(family, cluster_ip(family), Udp{5000, kPort});
    const auto error = from_uplink(uplink_frame() / Ip{router, family.own} / too_big /
                                   quoting(Ip{family.own, peer} / Udp{5000, kBackendPort} / Payload{"quoted."}));
    EXPECT_EQ(error.verdict, kRedirected);
    EXPECT_EQ(error.bytes, (delivered_frame(0) / Ip{router, family.own} / too_big /
                            quoting(Ip{family.own, cluster_ip(family)} / Udp{5000, kPort} / Payload{"quoted."}))
                               .bytes());
  }
}

TEST_P(DatapathPodCalls, FragmentsFollowTheirFirst) {
  const auto& family = kFamilies[0];
  const std::string to = cluster_ip(family);
  const auto first =
      ipv4_fragment((pod_frame() / Ip{family.own, to} / Udp{5000, kPort} / Payload{std::string(24, 'a')}).bytes(), 77, 0, true);
  const auto later = [&](Ethernet frame, const std::string& destination) {
    return ipv4_fragment((frame / Ip{family.own, destination, 64, IPPROTO_UDP} / Payload{std::string(16, 'b')}).bytes(), 77, 32, false);
  };
  EXPECT_EQ(run("pod_egress", "icha", first).verdict, kRedirected);
  EXPECT_EQ(run("pod_egress", "icha", later(pod_frame(), to)).bytes, later(delivered_frame(1), family.neighbor));
}

// A pod that never called a Service by packets pays nothing for those that do.
TEST_P(DatapathPodCalls, OnlyPodsThatCalledAreLookedAt) {
  const auto& family = kFamilies[0];
  calls(family, cluster_ip(family), Tcp{5000, kPort, kSyn});
  auto map = io::kernel::HashMap<uint32_t, uint64_t>::open(bpf_root_, "calling_pods");
  ASSERT_TRUE(map.ok());
  int bits = 0;
  for (uint32_t word = 0; word < OWN_ADDRESS_BITS / 64; ++word) bits += std::popcount(**map->find(word));
  EXPECT_EQ(bits, 1);
}
