// How ports are found for translated sources where nearly none is free.
#include "support/flow_packets.h"

using namespace support;  // packets, layer by layer

namespace {

constexpr uint16_t kPorts = 48, kServer = 80;

class DatapathNatPorts : public FlowPacketsTest {
 protected:
  DatapathNatPorts() { nat_ports_ = kPorts; }

  flow_key answers_to(uint16_t port) const {
    flow_key key{};
    key.source = model::to_abi(*base::parse_ip(kFamilies[0].outside));
    key.destination = model::to_abi(*base::parse_ip(node_address(kFamilies[0])));
    key.source_port_be = htons(kServer), key.destination_port_be = htons(port);
    key.protocol = IPPROTO_TCP, key.way = FLOW_ARRIVES;
    return key;
  }
  void take_all_but(uint16_t free) {
    auto map = io::kernel::HashMap<flow_key, flow>::open(bpf_root_, "flows");
    for (const auto& [key, flow] : flows()) EXPECT_TRUE(map->erase(key).ok());
    for (uint16_t port = kFirstNatPort; port < kFirstNatPort + kPorts; ++port)
      if (port != free) EXPECT_TRUE(map->update(answers_to(port), flow{}).ok());
    const ip_addr pod = model::to_abi(*base::parse_ip(kFamilies[0].own));
    put("half_open", half_open_index(&pod), half_open{});  // those that were taken away here count no more
  }
  bool opens() {
    return to_world(pod_frame() / Ip{kFamilies[0].own, kFamilies[0].outside} / Tcp{++client_, kServer}).verdict == kToNextProgram;
  }

  uint16_t client_ = 40000;
};

}  // namespace

// A whole search costs as much as a thousand packets, and finds the one port that is free at once: a short one that does not has been
// one. It takes several tries to see it, since a short one may be lucky too, or come too late on a busy machine.
TEST_F(DatapathNatPorts, WhereNoneWasFreeFurtherSearchesAreShortForAWhile) {
  constexpr int kTries = 50;
  int tries = 0;
  for (bool found = true; found && tries < kTries; ++tries) {
    take_all_but(0);
    EXPECT_FALSE(opens());
    take_all_but(kFirstNatPort + 7);
    found = opens();
  }
  EXPECT_LT(tries, kTries);
  EXPECT_TRUE(until([&] { return opens(); })) << "it never was searched wholly again";
}

TEST_F(DatapathNatPorts, TheOnlyFreePortIsFoundAtOnce) {
  for (uint16_t free = kFirstNatPort; free < kFirstNatPort + kPorts; ++free) {
    take_all_but(free);
    EXPECT_TRUE(opens()) << free;
  }
}
