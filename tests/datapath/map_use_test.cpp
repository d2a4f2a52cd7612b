// What is seen of the kernel's own maps: flows while a table of them is walked, and how full each table is.
#include "io/kernel/map_use.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include "io/kernel/bpf_hash.h"
#include "io/kernel/datapath_object.h"
#include "io/kernel/flow_table.h"
#include "io/kernel/map_kinds.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"
#include "reconcile/service_stores.h"
#include "support/datapath.h"
#include "support/memory_flow_table.h"
#include "support/service_rows.h"

namespace {

using io::kernel::MapUse;
using support::ip;

constexpr base::Millis kEnough{10'000};

class DatapathMapUse : public support::DatapathTest {
 protected:
  void load_with_flows(uint32_t room) {
    auto object = object_of(64);
    for (auto& size : object.maps)
      if (size.map == "flows") size.entries = room;
    auto put = io::kernel::DatapathObjectStore(bpf_root_).put(object, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
  void write(const support::FlowMemory& memory) {
    auto map = io::kernel::HashMap<flow_key, flow>::open(bpf_root_, "flows");
    ASSERT_TRUE(map.ok()) << map.error().text;
    for (const auto& [key, entry] : memory.entries) ASSERT_TRUE(map->update(key, entry).ok());
  }
  MapUse use_of(const io::kernel::Use& use, const std::string& map) {
    for (const auto& one : use.maps)
      if (one.map == map) return one;
    return {};
  }
};

TEST_F(DatapathMapUse, WithoutADatapathThereIsNothing) {
  EXPECT_EQ(io::kernel::measure_use(bpf_root_, kEnough).error().code, ENOENT);
  EXPECT_EQ(io::kernel::open_flow_table(bpf_root_).error().code, ENOENT);
}

TEST_F(DatapathMapUse, FlowsAndTheBusiestDestinationAreCounted) {
  load_with_flows(4096);
  support::FlowMemory memory;
  for (uint16_t i = 0; i < 300; ++i)
    memory.open(FLOW_DEPARTS, IPPROTO_TCP, "10.42.0.5", 40000 + i, "198.51.100.7", 443, "192.0.2.1", 20000 + i);
  for (uint16_t i = 0; i < 200; ++i)
    memory.open(FLOW_DEPARTS, IPPROTO_UDP, "10.42.0.5", 40000 + i, "198.51.100.7", 443, "192.0.2.1", 20000 + i);
  for (uint16_t i = 0; i < 400; ++i) memory.open(FLOW_ARRIVES, IPPROTO_TCP, "198.51.100.9", 1000 + i, "192.0.2.1", 80, "10.42.0.6", 80);
  write(memory);

  auto use = io::kernel::measure_use(bpf_root_, kEnough);

  ASSERT_TRUE(use.ok()) << use.error().text;
  EXPECT_EQ(use_of(*use, "flows").entries, 1800u);
  EXPECT_EQ(use_of(*use, "flows").room, 4096u);
  EXPECT_TRUE(use_of(*use, "affinities").forgets);
  ASSERT_TRUE(use->busiest);
  EXPECT_EQ(use->busiest->ports, 300u);
  EXPECT_EQ(use->busiest->destination, ip("198.51.100.7"));
  EXPECT_EQ(use->busiest->destination_port, 443);
  EXPECT_EQ(use->busiest->protocol, IPPROTO_TCP);
}

TEST_F(DatapathMapUse, OfVeryManyDestinationsTheBusiestIsFoundInLittleMemory) {
  load_with_flows(65536);
  support::FlowMemory memory;
  for (int i = 0; i < 20'000; ++i)
    memory.open(FLOW_DEPARTS, IPPROTO_TCP, "10.42.0.5", 40000, "203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), 443,
                "192.0.2.1", static_cast<uint16_t>(1024 + i));
  for (uint16_t i = 0; i < 500; ++i)
    memory.open(FLOW_DEPARTS, IPPROTO_TCP, "10.42.0.6", 40000 + i, "198.51.100.7", 443, "192.0.2.1", 30000 + i);
  write(memory);

  auto use = io::kernel::measure_use(bpf_root_, kEnough);

  ASSERT_TRUE(use.ok() && use->busiest);
  EXPECT_EQ(use->busiest->destination, ip("198.51.100.7"));
  EXPECT_GE(use->busiest->ports, 490u);
  EXPECT_LE(use->busiest->ports, 500u);
}

TEST_F(DatapathMapUse, SetsSlotsAndBackendsAreCountedAsTheyAreTaken) {
  load_datapath();
  auto stores = reconcile::service_stores(std::make_unique<io::kernel::PinnedServiceMaps>(bpf_root_), base::boot_now);
  for (const auto& set : {support::a_set(1, {5, 6}), support::a_set(2, {6, 7, 8})}) ASSERT_TRUE(stores.sets->put(set, nullptr).ok());
  ASSERT_TRUE(stores.frontends->put(support::a_frontend(10, 1), nullptr).ok());

  auto use = io::kernel::measure_use(bpf_root_, kEnough);

  ASSERT_TRUE(use.ok()) << use.error().text;
  EXPECT_EQ(use_of(*use, "service_sets").entries, 2u);
  EXPECT_EQ(use_of(*use, "set_slots").entries, 5u);
  EXPECT_EQ(use_of(*use, "backends").entries, 4u);
  EXPECT_EQ(use_of(*use, "backends").room, 1024u);
  EXPECT_EQ(use_of(*use, "frontend_sets").entries, 1u);
  EXPECT_FALSE(use->busiest);
}

TEST_F(DatapathMapUse, AWalkStopsWhenItsTimeIsOver) {
  load_with_flows(16384);
  support::FlowMemory memory;
  for (uint16_t i = 0; i < 3000; ++i) memory.open(FLOW_ARRIVES, IPPROTO_TCP, "198.51.100.9", i, "192.0.2.1", 80, "10.42.0.6", 80);
  write(memory);
  auto table = io::kernel::open_flow_table(bpf_root_);
  ASSERT_TRUE(table.ok()) << table.error().text;
  size_t seen = 0;
  auto count = [&seen](const flow_key&, const flow&) { ++seen; };

  EXPECT_FALSE(*(*table)->each(base::Millis(0), count));
  EXPECT_LT(seen, 6000u);
  seen = 0;
  EXPECT_TRUE(*(*table)->each(kEnough, count));
  EXPECT_EQ(seen, 6000u);
  EXPECT_TRUE((*table)->find(memory.entries[0].first)->has_value());
}

}  // namespace
