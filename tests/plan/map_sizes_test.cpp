// How many entries each map gets.
#include "plan/map_sizes.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "abi/services.h"
#include "engine/planning.h"
#include "io/kernel/map_kinds.h"
#include "plan/programs.h"

using model::desired::DatapathObject;
using model::desired::MapSize;

namespace {

using Sizes = std::map<std::string, uint64_t>;

engine::Planning planning_of(uint64_t memory, const model::Config& config) {
  model::Identity identity;
  identity.node_name = "n1";
  identity.memory_bytes = memory;
  identity.program_generation = "g1";
  engine::Planning planning(identity, plan::features());
  planning.fold(std::vector<model::Change>{model::put("config", config)});
  return planning;
}

Sizes sizes_of(uint64_t memory, const model::Config& config = {}) {
  Sizes sizes;
  for (const auto& size : plan::map_sizes::sizes(planning_of(memory, config).snapshot())) sizes[size.map] = size.entries;
  return sizes;
}

}  // namespace

TEST(PlanMapSizes, MapsGrowWithTheNodesMemoryWithinBounds) {
  auto board = sizes_of(1ull << 30), server = sizes_of(256ull << 30);

  EXPECT_LT(board["set_slots"], server["set_slots"]);
  EXPECT_LE(board["set_slots"] * 8 + board["service_sets"] * 24 + board["backends"] * 24, 3u << 20);
  EXPECT_LE(server["set_slots"], 1u << SERVICE_HANDLE_BASE_BITS);
}

TEST(PlanMapSizes, EveryMapThatHasASizeGetsOneInTheOrderOfNames) {
  std::vector<std::string> with_size, planned;
  for (const auto& kind : io::kernel::map_kinds())
    if (io::kernel::has_size(kind)) with_size.emplace_back(kind.name);
  std::sort(with_size.begin(), with_size.end());

  for (const auto& size : plan::map_sizes::sizes(planning_of(1 << 30, {}).snapshot())) planned.push_back(size.map);

  EXPECT_EQ(planned, with_size);
}

TEST(PlanMapSizes, LbMapMaxSetsTheMapsOfServicesAndNoOthers) {
  model::Config config;
  config.lb_map_max = 5000;

  auto usual = sizes_of(8ull << 30), set = sizes_of(8ull << 30, config);

  EXPECT_EQ(set["service_sets"], 5000u);
  EXPECT_EQ(set["backends"], 5000u);
  EXPECT_EQ(set["frontend_sets"], 20000u);
  EXPECT_EQ(set["pods"], usual["pods"]);
}

TEST(PlanMapSizes, TheTableOfFlowsIsAsLargeAsTheLargestOfCiliumsThreeTablesAsksFor) {
  struct Case {
    uint32_t tcp, any, nat, entries;
  };
  constexpr Case kCases[] = {
      {100'000, 0, 0, 200'000},  // two entries a flow
      {0, 50'000, 0, 100'000},
      {100'000, 50'000, 0, 300'000},  // one table for both
      {100'000, 50'000, 300'000, 300'000},
      {100'000, 50'000, 400'000, 400'000},
      {0, 0, 4096, 4096},  // also less than the memory would give
      {4 << 20, 4 << 20, 16 << 20, 16 << 20},
  };
  const auto usual = sizes_of(64ull << 30);
  for (const auto& one : kCases) {
    model::Config config;
    config.ct_tcp_max = one.tcp, config.ct_any_max = one.any, config.nat_max = one.nat;
    config.map_ratio = 0.005;
    auto set = sizes_of(32ull << 30, config);
    EXPECT_EQ(set["flows"], one.entries) << one.tcp << " " << one.any << " " << one.nat;
    set["flows"] = usual.at("flows");
    EXPECT_EQ(set, usual) << "and no other map";
  }
  EXPECT_EQ(usual.at("flows"), 1u << 19);
}

TEST(PlanMapSizes, MapsThatTakeMuchOfTheNodesMemoryAreAProblemThatNamesTheSettings) {
  model::Config config;
  EXPECT_THAT(plan::map_sizes::plan("node", planning_of(1ull << 30, config).snapshot()).problems, testing::IsEmpty());
  config.ct_tcp_max = 4 << 20;
  EXPECT_THAT(plan::map_sizes::plan("node", planning_of(8ull << 30, config).snapshot()).problems, testing::IsEmpty());

  const auto problems = plan::map_sizes::plan("node", planning_of(1ull << 30, config).snapshot()).problems;

  ASSERT_THAT(problems, testing::SizeIs(1));
  EXPECT_THAT(problems[0].text, testing::HasSubstr("of the node's 1024 MiB"));
  EXPECT_THAT(problems[0].remedy, testing::HasSubstr("bpf.ctTcpMax"));
}

TEST(PlanMapSizes, TheDynamicRatioScalesWhatFollowsTheMemory) {
  model::Config twice, usual;
  twice.map_ratio = 0.005;
  usual.map_ratio = 0.0025;

  EXPECT_EQ(sizes_of(8ull << 30, twice), sizes_of(16ull << 30));
  EXPECT_EQ(sizes_of(8ull << 30, usual), sizes_of(8ull << 30));
}

TEST(PlanMapSizes, TheObjectIsAskedForWithTheSameSizesAndTheirRowsAreNotItsOwn) {
  auto planning = planning_of(8ull << 30, {});

  auto programs = plan::programs::plan("node", planning.snapshot()), maps = plan::map_sizes::plan("node", planning.snapshot());

  std::vector<MapSize> rows;
  for (const auto& row : maps.rows) rows.push_back(std::get<MapSize>(row));
  EXPECT_EQ(std::get<DatapathObject>(programs.rows.at(0)).maps, rows);
}

TEST(PlanGeneration, TwoConfigurationsAreTwoGenerationsOfOneObject) {
  using model::desired::generation_of;
  datapath_config one = {}, other = {};
  one.migrating = 1;
  other.migrating = 2;

  EXPECT_EQ(generation_of("abc", {}), "abc");
  EXPECT_NE(generation_of("abc", one), generation_of("abc", other));
  EXPECT_EQ(generation_of("abc", one), generation_of("abc", one));
  EXPECT_EQ(generation_of("abc", one).find('-'), std::string::npos);  // which in pins means: under construction
}
