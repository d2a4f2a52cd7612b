// A node whose uplink masquerades: 192.0.2.9 and 2001:db8::9, with few ports, so that they run out.
#pragma once

#include <arpa/inet.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "abi/flows.h"
#include "abi/masquerade.h"
#include "io/kernel/bpf_hash.h"
#include "model/abi_address.h"
#include "support/datapath_packets.h"

namespace support {

inline constexpr uint32_t kSummedByDevice = BPF_F_TEST_SKB_CHECKSUM_COMPLETE;
inline constexpr uint16_t kFirstNatPort = 1024, kNatPorts = 9;  // no prime: a walk by equal steps must not fall into a circle
enum PortPlace { kSource = 0, kIdentifier = 4 };                // bytes into the transport header

struct ByBytes {
  bool operator()(const flow_key& a, const flow_key& b) const { return std::memcmp(&a, &b, sizeof a) < 0; }
};
using Flows = std::map<flow_key, flow, ByBytes>;

class FlowPacketsTest : public PacketsTest {
 protected:
  void SetUp() override {
    config_.first_nat_port = kFirstNatPort, config_.last_nat_port = kFirstNatPort + nat_ports_ - 1;
    PacketsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const auto& family : kFamilies) put_masquerade(family);
  }

  uint16_t nat_ports_ = kNatPorts;

  // The node's address on `uplink`; its pods, those of peers and itself see pods as they are.
  void put_masquerade(const Addresses& family) {
    const bool v6 = family.own != kFamilies[0].own;
    const masquerade_uplink uplink{if_nametoindex("uplink"), v6};
    const masquerade_source source{model::to_abi(*base::parse_ip(node_address(family))), 1, 0};
    put("masquerade_sources", uplink, source);
    for (const std::string& prefix : {std::string(v6 ? "fd00:1::/48" : "10.1.0.0/16"), node_address(family) + (v6 ? "/128" : "/32")}) {
      const auto cidr = *base::parse_cidr(prefix);
      put("unmasqueraded", unmasqueraded_key{cidr.length + (v6 ? 0U : 96U), model::to_abi(cidr.address)}, uint32_t{0});
    }
  }
  template <class K, class V>
  void put(const std::string& map, const K& key, const V& value) {
    auto opened = io::kernel::HashMap<K, V>::open(bpf_root_, map);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    auto put = opened->update(key, value);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }

  Outcome to_world(const Packet& packet) { return run("uplink_egress", "uplink", packet.bytes()); }

  Flows flows() {
    Flows all;
    auto map = io::kernel::HashMap<flow_key, flow>::open(bpf_root_, "flows");
    EXPECT_TRUE(map->for_each([&](const flow_key& key, const flow& flow) { all.emplace(key, flow); }).ok());
    return all;
  }
  // Makes the flow of a pod's or a client's port so many seconds older.
  void age(uint16_t pod_port, uint64_t seconds) {
    auto map = io::kernel::HashMap<flow_key, flow>::open(bpf_root_, "flows");
    for (auto [key, flow] : flows()) {
      if (ntohs(key.source_port_be) != pod_port && ntohs(key.destination_port_be) != pod_port && ntohs(flow.port_be) != pod_port) continue;
      flow.used_ns -= seconds * 1'000'000'000;
      EXPECT_TRUE(map->update(key, flow).ok());
    }
  }
  static bool until(const std::function<bool()>& condition) {
    constexpr std::chrono::milliseconds kPatience{30'000}, kPause{50};
    for (auto end = std::chrono::steady_clock::now() + kPatience; std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(kPause))
      if (condition()) return true;
    return condition();
  }

  static size_t transport_at(const std::vector<uint8_t>& frame) { return 14 + (frame[14] >> 4 == 4 ? 20 : 40); }
  // Of a packet without options or extension headers.
  static uint16_t port_of(const Outcome& outcome, PortPlace place) {
    const size_t at = transport_at(outcome.bytes) + place;
    return static_cast<uint16_t>(outcome.bytes.at(at) << 8 | outcome.bytes.at(at + 1));
  }
  // A frame of IPv4 as one fragment of a datagram; offset in bytes, a multiple of 8.
  static std::vector<uint8_t> ipv4_fragment(std::vector<uint8_t> frame, uint16_t id, uint16_t offset, bool more) {
    const uint16_t field = static_cast<uint16_t>(offset / 8 | (more ? 0x2000 : 0));
    frame[18] = id >> 8, frame[19] = id & 0xff, frame[20] = field >> 8, frame[21] = field & 0xff;
    frame[24] = frame[25] = 0;
    uint32_t sum = 0;
    for (size_t i = 14; i < 34; i += 2) sum += frame[i] << 8 | frame[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    frame[24] = static_cast<uint8_t>(~sum >> 8), frame[25] = static_cast<uint8_t>(~sum);
    return frame;
  }

  // More addresses of the second pod's link: 10.1.0.10 and those after it.
  std::vector<std::string> add_pods(int count) {
    std::vector<std::string> addresses;
    for (int i = 0; i < count; ++i) {
      addresses.push_back("10.1.0." + std::to_string(10 + i));
      auto put = io::kernel::PodEntryStore(bpf_root_).put({*base::parse_ip(addresses.back()), "ichb", pods_[1].host_mac, pods_[1].pod_mac},
                                                          nullptr);
      EXPECT_TRUE(put.ok()) << put.error().text;
    }
    return addresses;
  }
  static bool is_nat_port(uint16_t port) { return port >= kFirstNatPort && port < kFirstNatPort + kNatPorts; }
  static std::string node_address(const Addresses& family) { return family.own == kFamilies[0].own ? "192.0.2.9" : "2001:db8::9"; }
  static std::string peer_pod(const Addresses& family) { return family.own == kFamilies[0].own ? "10.1.7.1" : "fd00:1:0:7::1"; }
};

}  // namespace support
