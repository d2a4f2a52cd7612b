// What the node answers in a Service's name: that nobody is there, and echoes.
#include "support/arrival_packets.h"

using namespace support;  // packets, layer by layer

namespace {

constexpr uint8_t kReset = 0x04, kResetAck = 0x14, kPush = 0x08;

class DatapathAnswers : public ArrivalPacketsTest {
 protected:
  // RFC 792, RFC 4443: the quoted headers, and 8 bytes.
  static Packet unreachable(Ethernet frame, const Packet& datagram) {
    const auto& ip = std::get<Ip>(datagram.layers[0]);
    const bool v4 = base::parse_ip(ip.source)->is_v4();
    auto bytes = datagram.bytes();
    bytes.resize(v4 ? 28 : 48);
    return frame / Ip{ip.destination, ip.source} / (v4 ? Icmp{3, 3} : Icmp{1, 4}) / Payload{std::string(bytes.begin(), bytes.end())};
  }
  static Packet echo(Ethernet frame, const std::string& from, const std::string& to, bool reply, uint8_t ttl = 64) {
    const bool v4 = base::parse_ip(from)->is_v4();
    return frame / Ip{from, to, ttl} / Icmp{static_cast<uint8_t>(v4 ? (reply ? 0 : 8) : (reply ? 129 : 128)), 0, 0x12340001} /
           Payload{"are you there?"};
  }
  void expect_answer(const Outcome& outcome, const Packet& answer) {
    EXPECT_EQ(outcome.verdict, kRedirected);
    EXPECT_EQ(outcome.bytes, answer.bytes());
  }
};

INSTANTIATE_TEST_SUITE_P(, DatapathAnswers, testing::Values(0U, kSummedByDevice),
                         [](const auto& info) { return info.param ? "SummedByDevice" : "NotSummed"; });

class DatapathSilence : public DatapathAnswers {
 protected:
  void SetUp() override {
    config_.flags = DATAPATH_SILENT_REFUSALS;
    DatapathAnswers::SetUp();
  }
};
INSTANTIATE_TEST_SUITE_P(, DatapathSilence, testing::Values(0U));

}  // namespace

// C3: a client hears at once that there is no endpoint, by whichever front it calls (RFC 9293 section 3.10.7.1).
TEST_P(DatapathAnswers, C3AConnectionToAServiceWithoutEndpointsIsReset) {
  for (const auto& family : kFamilies) {
    lead(family, {});
    for (const auto& [called, port] : {std::pair{vip(family), kPort}, {node_address(family), kNodePort}}) {
      const auto send = [&, called = called](const Tcp& segment, const std::string& bytes) {
        run_flags_ = bytes.empty() ? GetParam() : kIsCut;
        return from_uplink(uplink_frame() / Ip{family.outside, called, 9} / segment / Payload{bytes});
      };
      const auto answer = [&, called = called](const Tcp& segment) { return answer_frame() / Ip{called, family.outside} / segment; };
      expect_answer(send({5000, port, kSyn, 100, 0}, ""), answer({port, 5000, kResetAck, 0, 101, 0}));
      expect_answer(send({5000, port, kSyn, 0xffffffff, 0}, "hello"), answer({port, 5000, kResetAck, 0, 5, 0}));
      expect_answer(send({5000, port, kAck | kPush, 100, 77}, std::string(900, 'x')), answer({port, 5000, kReset, 77, 0, 0}));
      EXPECT_EQ(send({5000, port, kReset, 100, 0}, "").verdict, kDropped) << "no answer to a reset";
    }
  }
  EXPECT_EQ(count("drops", DROP_NO_ENDPOINT), 16U);
  EXPECT_EQ(flows().size(), 0U);
}

TEST_P(DatapathAnswers, C3ADatagramToAServiceWithoutEndpointsIsAnsweredByPortUnreachable) {
  run_flags_ = kIsCut;
  for (const auto& family : kFamilies) {
    lead(family, {});
    for (const std::string& bytes : {std::string(), std::string("hello"), std::string(1000, 'x')}) {
      const auto datagram = Ip{family.outside, vip(family), 7} / Udp{5000, kPort} / Payload{bytes};
      expect_answer(from_uplink(uplink_frame() / datagram.layers[0] / datagram.layers[1] / datagram.layers[2]),
                    unreachable(answer_frame(), datagram));
    }
  }
}

// C4: a balancer that tries again elsewhere must not hear "refused".
TEST_P(DatapathAnswers, C4WithEndpointsElsewhereAndPolicyLocalNobodyAnswers) {
  for (const auto& family : kFamilies) {
    put_set({.id = set_of(family, Protocol::kTcp), .endpoints_elsewhere = true}, {});
    expect_drop(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)), DROP_NO_LOCAL_ENDPOINT);
  }
}

TEST_P(DatapathAnswers, AnotherPortOfAnAddressThatIsServicesAloneRefuses) {
  for (const auto& family : kFamilies) {
    lead(family, {own(family)}, 0, false, Sole::kOutside);
    expect_answer(from_uplink(uplink_frame() / Ip{family.outside, vip(family)} / Tcp{5000, 81, kSyn, 7, 0}),
                  answer_frame() / Ip{vip(family), family.outside} / Tcp{81, 5000, kResetAck, 0, 8, 0});
    EXPECT_EQ(count("drops", DROP_NO_FRONTEND), ++dropped_[DROP_NO_FRONTEND]);
    expect_drop(from_uplink(uplink_frame() / Ip{family.outside, vip(family), 64, 47} / Payload{"GRE, say"}), DROP_NO_FRONTEND);
    EXPECT_EQ(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)).verdict, kRedirected);
    expect_drop(from_uplink(uplink_frame() / Ip{family.neighbor, vip(family)} / Tcp{5000, 81, kSyn}), DROP_OWN_SOURCE);
  }
  expect_drop(from_uplink(uplink_frame() / Ip{"127.0.0.1", vip(kFamilies[0])} / Tcp{5000, 81, kSyn}), DROP_MARTIAN_SOURCE);
}

TEST_P(DatapathAnswers, AnAddressIsNobodysButServicesUntilItsLastFrontendGoes) {
  const auto& family = kFamilies[0];
  lead(family, {own(family)}, 0, false, Sole::kEverybody);
  const auto call = [&] { return from_uplink(uplink_frame() / Ip{family.outside, vip(family)} / Tcp{5000, 81, kSyn}).verdict; };
  ASSERT_TRUE(stores_.frontends->remove({.address = ip(vip(family)), .port = kPort, .protocol = Protocol::kTcp}).ok());
  EXPECT_EQ(call(), kRedirected);
  ASSERT_TRUE(stores_.frontends->remove({.address = ip(vip(family)), .port = kPort, .protocol = Protocol::kUdp}).ok());
  EXPECT_EQ(call(), kToNextProgram);
  auto rows = stores_.frontends->list();
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), 6U) << "two of the other family, and the NodePorts";
}

TEST_P(DatapathAnswers, AnAddressThatIsServicesAloneAnswersEchoes) {
  for (const auto& family : kFamilies) {
    lead(family, {}, 0, false, Sole::kOutside);
    expect_answer(from_uplink(echo(uplink_frame(), family.outside, vip(family), false, 2)),
                  echo(answer_frame(), vip(family), family.outside, true));
    EXPECT_EQ(from_uplink(echo(uplink_frame(), family.outside, vip(family), true)).verdict, kDropped) << "a reply to nothing";
    const auto to_node = echo(uplink_frame(), family.outside, node_address(family), false);
    EXPECT_EQ(from_uplink(to_node).verdict, kToNextProgram);
  }
  const auto& v4 = kFamilies[0];
  const auto later = [&](Ethernet frame, const std::string& from, const std::string& to) {
    return ipv4_fragment((frame / Ip{from, to, 64, IPPROTO_ICMP} / Payload{std::string(16, 'b')}).bytes(), 77, 32, false);
  };
  EXPECT_EQ(run("uplink_ingress", "uplink", later(uplink_frame(), v4.outside, vip(v4))).bytes, later(answer_frame(), vip(v4), v4.outside));
}

// The node itself asks, and its routes lead out.
TEST_P(DatapathAnswers, AnEchoOfTheNodesOwnIsAnsweredWhereItWouldLeave) {
  for (const auto& family : kFamilies) {
    lead(family, {}, 0, false, Sole::kEverybody);
    expect_answer(to_world(echo(answer_frame(), node_address(family), vip(family), false)),
                  echo(uplink_frame(), vip(family), node_address(family), true));
    lead(family, {}, 0, false, Sole::kOutside);
    EXPECT_EQ(to_world(echo(answer_frame(), node_address(family), vip(family), false)).verdict, kToNextProgram);
  }
}

TEST_P(DatapathAnswers, ThereAreNotMoreThanSoManyInASecond) {
  const auto& family = kFamilies[0];
  run_flags_ = kIsCut;
  lead(family, {});
  auto map = io::kernel::open_map(bpf_root_, "answer_budgets");
  ASSERT_TRUE(map.ok());
  EXPECT_TRUE(until([&] {  // another second may begin in between
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    const uint32_t only = 0;
    std::vector<answer_budget> lanes(libbpf_num_possible_cpus(), {static_cast<uint64_t>(now.tv_sec), ANSWERS_PER_SECOND});
    EXPECT_EQ(bpf_map_update_elem(map->get(), &only, lanes.data(), BPF_ANY), 0);
    return arrives(family, Tcp{5000, kPort, kSyn}, vip(family)).verdict == kDropped;
  }));
  EXPECT_EQ(count("drops", DROP_ANSWER_LIMIT), 1U);
  EXPECT_TRUE(until([&] { return arrives(family, Tcp{5000, kPort, kSyn}, vip(family)).verdict == kRedirected; }));
}

TEST_P(DatapathSilence, NobodyHearsOfARefusalWhereThatIsAskedFor) {
  const auto& family = kFamilies[0];
  lead(family, {}, 0, false, Sole::kEverybody);
  expect_drop(arrives(family, Tcp{5000, kPort, kSyn}, vip(family)), DROP_NO_ENDPOINT);
  expect_drop(arrives(family, Udp{5000, 81}, vip(family)), DROP_NO_FRONTEND);
}
