// A node with pods and an uplink, whose programs run under BPF_PROG_TEST_RUN with packets of both families, its maps filled through
// the stores.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/if.h>

#include <cstring>

#include "abi/drop_reasons.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/direct_delivery.h"
#include "io/kernel/filters.h"
#include "io/kernel/pod_entries.h"
#include "io/kernel/pod_links.h"
#include "support/datapath.h"
#include "support/packet.h"

namespace support {

inline constexpr uint32_t kToNextProgram = static_cast<uint32_t>(TCX_NEXT);
inline constexpr uint32_t kToStack = TC_ACT_OK, kDropped = TC_ACT_SHOT, kRedirected = TC_ACT_REDIRECT;
inline constexpr uint32_t kSmallMtu = 1400;
inline constexpr uint8_t kRouterSolicitation = 133, kRouterAdvertisement = 134, kSolicitation = 135, kAdvertisement = 136, kRedirect = 137,
                         kMldReport = 143;
inline constexpr const char *kGateway4 = "169.254.105.105", *kGateway6 = "fe80::69";

struct Outcome {
  uint32_t verdict = 0;
  std::vector<uint8_t> bytes;
};

// A node with the pods `icha` (10.1.0.2, fd00:1::2) and `ichb` (10.1.0.3, fd00:1::3, a smaller MTU) and the uplink `uplink`.
class PacketsTest : public DatapathTest {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    load_datapath(config_);
    add_pod(pods_[0], "icha", {"10.1.0.2", "fd00:1::2"}, 1, 1500);
    add_pod(pods_[1], "ichb", {"10.1.0.3", "fd00:1::3"}, 2, kSmallMtu);
    ASSERT_TRUE(support::run("ip link add uplink address 02:00:00:00:00:aa type veth peer name far && ip link set uplink up"));
  }

  void add_pod(model::desired::PodLink& link, const std::string& name, std::vector<std::string> addresses, uint8_t number, uint32_t mtu) {
    auto netns = io::kernel::make_netns();
    ASSERT_TRUE(netns.ok());
    link.name = name, link.ifname = "eth0", link.mtu = mtu;
    link.host_mac = base::Mac{{2, 0, 0, 0, 1, number}}, link.pod_mac = base::Mac{{2, 0, 0, 0, 2, number}};
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
    auto fd = io::kernel::open_program(bpf_root_, model::desired::generation_of(io::kernel::program_generation(), config_), program);
    Outcome outcome;
    outcome.bytes.resize(packet.size() + 64);
    __sk_buff context = {};
    context.ifindex = if_nametoindex(link.c_str());
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_out = outcome.bytes.data(),
                .data_size_in = static_cast<uint32_t>(packet.size()), .data_size_out = static_cast<uint32_t>(outcome.bytes.size()),
                .ctx_in = &context, .ctx_size_in = sizeof context, .flags = run_flags_);
    EXPECT_EQ(bpf_prog_test_run_opts(fd->get(), &options), 0) << program << ": " << strerror(errno);
    outcome.verdict = options.retval;
    outcome.bytes.resize(options.data_size_out);
    return outcome;
  }
  Outcome from_pod(const Packet& packet) { return run("pod_egress", "icha", packet.bytes()); }
  Outcome from_uplink(const Packet& packet) { return run("uplink_ingress", "uplink", packet.bytes()); }

  // What the agent would say on this node, with every bit of the filter set if asked.
  void put_delivery(std::map<model::desired::Way, std::string> by_stack, bool all_bits = false) {
    auto row =
        model::desired::direct_delivery(std::move(by_stack), {*base::parse_cidr("10.1.0.0/24"), *base::parse_cidr("fd00:1::/64")},
                                        {*base::parse_ip("192.0.2.9"), *base::parse_ip("2001:db8::9"), *base::parse_ip("10.7.0.4")}, true);
    if (all_bits) std::memset(row.image.own_addresses, 0xff, sizeof row.image.own_addresses);
    auto put = io::kernel::DirectDeliveryStore(bpf_root_).put(row, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
  // A pod that kept its address when the node's pod CIDRs changed.
  void add_pod_outside() {
    auto put =
        io::kernel::PodEntryStore(bpf_root_).put({*base::parse_ip("10.7.0.4"), "ichb", pods_[1].host_mac, pods_[1].pod_mac}, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }

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

  datapath_config config_ = {};
  uint32_t run_flags_ = 0;  // of BPF_PROG_TEST_RUN
  model::desired::PodLink pods_[2];
};

// The same traffic in both families.
struct Addresses {
  const char *own, *neighbor, *outside, *foreign;
};
inline constexpr Addresses kFamilies[] = {{"10.1.0.2", "10.1.0.3", "192.0.2.1", "10.1.0.9"},
                                          {"fd00:1::2", "fd00:1::3", "2001:db8::1", "fd00:1::9"}};

}  // namespace support
