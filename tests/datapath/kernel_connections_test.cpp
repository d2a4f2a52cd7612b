// Connections of the kernel's own tracking, made by ctnetlink: what it translates is left to it, while the agent says that it may be.
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "io/kernel/netlink.h"
#include "support/arrival_packets.h"

using namespace support;  // packets, layer by layer

namespace {

struct End {
  std::string address;
  uint16_t port;
};
// `opener` called `called`; `backend` answers, and sees `seen`.
struct Connection {
  Protocol protocol;
  End opener, called, backend, seen;
  uint8_t tcp_state = TCP_CONNTRACK_ESTABLISHED;
};

void put_tuple(io::kernel::Message& message, int attribute, const Connection& connection, const End& from, const End& to) {
  const auto source = *base::parse_ip(from.address), destination = *base::parse_ip(to.address);
  const bool v4 = source.is_v4();
  const uint16_t source_port_be = htons(from.port), destination_port_be = htons(to.port);
  message.open(attribute).open(CTA_TUPLE_IP);
  message.put(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, source).put(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, destination).close();
  message.open(CTA_TUPLE_PROTO).put_u8(CTA_PROTO_NUM, connection.protocol == Protocol::kTcp ? IPPROTO_TCP : IPPROTO_UDP);
  message.put(CTA_PROTO_SRC_PORT, &source_port_be, 2).put(CTA_PROTO_DST_PORT, &destination_port_be, 2).close().close();
}

void put_translation(io::kernel::Message& message, int attribute, const End& end) {
  const auto address = *base::parse_ip(end.address);
  const uint16_t port_be = htons(end.port);
  message.open(attribute).put(address.is_v4() ? CTA_NAT_V4_MINIP : CTA_NAT_V6_MINIP, address).open(CTA_NAT_PROTO);
  message.put(CTA_PROTONAT_PORT_MIN, &port_be, 2).put(CTA_PROTONAT_PORT_MAX, &port_be, 2).close().close();
}

bool operator==(const End& a, const End& b) { return a.address == b.address && a.port == b.port; }

base::Result<void> track(const Connection& connection) {
  auto netlink = TRY(io::kernel::Netlink::open({}, NETLINK_NETFILTER));
  io::kernel::Message message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL);
  nfgenmsg fixed{};
  fixed.nfgen_family = base::parse_ip(connection.opener.address)->is_v4() ? AF_INET : AF_INET6;
  message.header(fixed);
  put_tuple(message, CTA_TUPLE_ORIG, connection, connection.opener, connection.called);
  put_tuple(message, CTA_TUPLE_REPLY, connection, connection.called, connection.opener);
  if (!(connection.backend == connection.called)) put_translation(message, CTA_NAT_DST, connection.backend);
  if (!(connection.seen == connection.opener)) put_translation(message, CTA_NAT_SRC, connection.seen);
  message.put_u32(CTA_TIMEOUT, htonl(100)).put_u32(CTA_STATUS, htonl(IPS_CONFIRMED | IPS_SEEN_REPLY));
  if (connection.protocol == Protocol::kTcp)
    message.open(CTA_PROTOINFO).open(CTA_PROTOINFO_TCP).put_u8(CTA_PROTOINFO_TCP_STATE, connection.tcp_state).close().close();
  return netlink.request(message);
}

class DatapathKernelConnections : public ArrivalPacketsTest {
 protected:
  void SetUp() override {
    ArrivalPacketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!support::run("iptables-nft -t nat -A POSTROUTING -s 203.0.113.99 -j ACCEPT; ip6tables-nft -t nat -A POSTROUTING -s "
                      "2001:db8:113::1 -j ACCEPT"))
      GTEST_SKIP() << "needs iptables-nft and nftables in the kernel";
    says_kernel_translates(true);
  }
  void says_kernel_translates(bool translates) {
    auto row = model::desired::direct_delivery({}, {*base::parse_cidr("10.1.0.0/24"), *base::parse_cidr("fd00:1::/64")},
                                               {ip("192.0.2.9"), ip("2001:db8::9")}, false, translates);
    ASSERT_TRUE(io::kernel::DirectDeliveryStore(bpf_root_).put(row, nullptr).ok());
  }
  void expect_tracked(const Connection& connection) {
    auto tracked = track(connection);
    ASSERT_TRUE(tracked.ok()) << tracked.error().text;
  }
  static End outside(const Addresses& family, uint16_t port) { return {family.outside, port}; }
  Connection by_node_port(const Addresses& family, Protocol protocol, uint16_t client = 5000) const {
    return {
        protocol, outside(family, client), {node_address(family), kNodePort}, {family.own, kBackendPort}, {node_address(family), 20000}};
  }
  void expect_left(const Outcome& outcome, const Packet& packet) {
    EXPECT_EQ(outcome.verdict, kToNextProgram);
    EXPECT_EQ(outcome.bytes, packet.bytes());
    EXPECT_TRUE(flows().empty());
  }
};

INSTANTIATE_TEST_SUITE_P(, DatapathKernelConnections, testing::Values(0U), [](const auto&) { return "NotSummed"; });

}  // namespace

TEST_P(DatapathKernelConnections, WhatItTranslatesIsLeftToIt) {
  for (const auto& family : kFamilies)
    for (auto protocol : {Protocol::kTcp, Protocol::kUdp}) {
      expect_tracked(by_node_port(family, protocol));
      const Layer layer = protocol == Protocol::kTcp ? Layer(Tcp{5000, kNodePort, kAck}) : Layer(Udp{5000, kNodePort});
      const auto packet = uplink_frame() / Ip{family.outside, node_address(family)} / layer / Payload{"hello"};
      expect_left(from_uplink(packet), packet);
    }
}

TEST_P(DatapathKernelConnections, WhatItDoesNotKnowIsIchorsAndSoIsANewConnectionByTheSamePorts) {
  for (const auto& family : kFamilies) {
    expect_tracked(by_node_port(family, Protocol::kTcp));
    EXPECT_EQ(arrives(family, Tcp{5001, kNodePort, kAck}, node_address(family)).verdict, kRedirected);
    EXPECT_EQ(arrives(family, Udp{5000, kNodePort}, node_address(family)).verdict, kRedirected);
    EXPECT_EQ(arrives(family, Tcp{5000, kNodePort, kSyn}, node_address(family)).verdict, kRedirected);
    EXPECT_EQ(arrives(family, Tcp{5000, kNodePort, kAck}, node_address(family)).verdict, kRedirected) << "and the rest of it";
  }
}

TEST_P(DatapathKernelConnections, ASynThatNobodyHasAnsweredYetIsSentAgainToTheSame) {
  for (const auto& family : kFamilies) {
    auto opening = by_node_port(family, Protocol::kTcp);
    opening.tcp_state = TCP_CONNTRACK_SYN_SENT;
    expect_tracked(opening);
    const auto packet = uplink_frame() / Ip{family.outside, node_address(family)} / Tcp{5000, kNodePort, kSyn};
    expect_left(from_uplink(packet), packet);
  }
}

TEST_P(DatapathKernelConnections, WithoutSuchRulesNobodyIsAsked) {
  says_kernel_translates(false);
  for (const auto& family : kFamilies) {
    expect_tracked(by_node_port(family, Protocol::kTcp));
    EXPECT_EQ(arrives(family, Tcp{5000, kNodePort, kAck}, node_address(family)).verdict, kRedirected);
  }
}

TEST_P(DatapathKernelConnections, ADatagramLeavesABackendThatHasLeftItsService) {
  for (const auto& family : kFamilies) {
    auto connection = by_node_port(family, Protocol::kUdp);
    connection.backend = {family.neighbor, kBackendPort};
    expect_tracked(connection);
    EXPECT_EQ(arrives(family, Udp{5000, kNodePort}, node_address(family)).verdict, kRedirected);
    lead(family, {own(family), neighbor(family)});
    connection.opener.port = 5002, connection.seen.port = 20002;
    expect_tracked(connection);
    EXPECT_EQ(arrives(family, Udp{5002, kNodePort}, node_address(family)).verdict, kToNextProgram) << "one that has not";
    lead(family, {});
    EXPECT_EQ(arrives(family, Udp{5002, kNodePort}, node_address(family)).verdict, kToNextProgram) << "nobody else is there yet";
  }
}

// The node's address and a port of its NodePorts are what the kernel has given the client.
TEST_P(DatapathKernelConnections, AnswersCallNoService) {
  for (const auto& family : kFamilies) {
    auto connection = by_node_port(family, Protocol::kTcp);
    connection.seen.port = kNodePort;
    expect_tracked(connection);
    const auto answer = pod_frame() / Ip{family.own, node_address(family)} / Tcp{kBackendPort, kNodePort, kSynAck};
    const auto out = from_pod(answer);
    EXPECT_EQ(out.verdict, kToStack);
    EXPECT_EQ(out.bytes, answer.bytes());
    // To a peer's: nobody translates here, and yet it is an answer.
    expect_tracked({Protocol::kUdp,
                    {peer_pod(family), kNodePort},
                    {family.own, kBackendPort},
                    {family.own, kBackendPort},
                    {peer_pod(family), kNodePort}});
    put_row(node_addresses_, {.address = ip(peer_pod(family)), .peer = true});
    EXPECT_EQ(from_pod(pod_frame() / Ip{family.own, peer_pod(family)} / Udp{kBackendPort, kNodePort}).verdict, kToStack);
  }
  EXPECT_TRUE(flows().empty());
}

TEST_P(DatapathKernelConnections, AtAnAddressOfServicesAloneNothingIsRefusedThatMayBeTheKernels) {
  for (const auto& family : kFamilies) {
    lead(family, {own(family)}, 0, false, Sole::kEverybody);
    Connection by_vip = by_node_port(family, Protocol::kTcp);
    by_vip.called = {vip(family), 81};  // a port that has left the Service
    expect_tracked(by_vip);
    EXPECT_EQ(arrives(family, Tcp{5000, 81, kAck}, vip(family)).verdict, kToNextProgram);
    EXPECT_EQ(arrives(family, Tcp{5001, 81, kAck}, vip(family)).verdict, kRedirected) << "a refusal";
  }
  EXPECT_TRUE(flows().empty());
}

TEST_P(DatapathKernelConnections, APortThatItHasGivenIsNotGivenAgain) {
  constexpr uint16_t kGiven = 3;  // as many as may turn out to be somebody else's before a search ends
  for (const auto& family : kFamilies) {
    const std::string world = is_v4(family) ? "198.51.100.9" : "2001:db8:9::9";
    std::set<uint16_t> ports;
    for (uint16_t port = kFirstNatPort; port < kFirstNatPort + kGiven; ++port)
      expect_tracked({Protocol::kTcp,
                      {family.neighbor, static_cast<uint16_t>(50000 + port)},
                      {world, 443},
                      {world, 443},
                      {node_address(family), port}});
    for (uint16_t pod_port = 40000; pod_port < 40000 + kNatPorts - kGiven; ++pod_port)
      ports.insert(port_of(to_world(pod_frame() / Ip{family.own, world} / Tcp{pod_port, 443, kSyn}), kSource));
    EXPECT_EQ(ports.size(), size_t{kNatPorts - kGiven});
    EXPECT_EQ(*ports.begin(), kFirstNatPort + kGiven);
    EXPECT_EQ(*ports.rbegin(), kFirstNatPort + kNatPorts - 1);
  }
}

TEST_P(DatapathKernelConnections, WhatAPodSendsInAnOlderConnectionKeepsThePodsAddress) {
  for (const auto& family : kFamilies) {
    const std::string world = is_v4(family) ? "198.51.100.9" : "2001:db8:9::9";
    const auto send = [&](uint16_t pod_port, uint16_t port, uint8_t flags) {
      const auto packet = pod_frame() / Ip{family.own, world} / Tcp{pod_port, port, flags};
      return to_world(packet).bytes == packet.bytes();
    };
    // Through a Service whose backend is out there, and by the world itself.
    expect_tracked({Protocol::kTcp, {family.own, 40000}, {vip(family), 80}, {world, 443}, {family.own, 40000}});
    expect_tracked({Protocol::kTcp, {world, 50000}, {family.own, kBackendPort}, {family.own, kBackendPort}, {world, 50000}});
    EXPECT_TRUE(send(40000, 443, kAck));
    EXPECT_TRUE(send(kBackendPort, 50000, kAck));
    EXPECT_TRUE(flows().empty());
    EXPECT_FALSE(send(40000, 443, kSyn)) << "a new one";
    EXPECT_FALSE(send(40001, 443, kAck)) << "one that the kernel does not know";
    auto map = io::kernel::HashMap<flow_key, flow>::open(bpf_root_, "flows");
    for (const auto& [key, flow] : flows()) ASSERT_TRUE(map->erase(key).ok());
  }
}
