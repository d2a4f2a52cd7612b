// What all maps take of the kernel's memory, by the kernel's own account, beside what the planner and the README say.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "abi/services.h"
#include "engine/planning.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/datapath_object.h"
#include "io/kernel/map_use.h"
#include "model/abi_address.h"
#include "plan/map_sizes.h"
#include "support/datapath.h"

namespace {

constexpr double kTolerance = 0.1;
constexpr uint32_t kServices = 10'000, kEndpoints = 100'000, kFlows = 200'000;
constexpr uint32_t kFrontends = 3 * kServices;  // of three ports, or two families and a balancer's address

class DatapathMapMemory : public support::DatapathTest {
 protected:
  std::vector<model::desired::MapSize> sizes_of(const model::Config& config) {
    model::Identity identity;
    identity.memory_bytes = 8ull << 30;
    engine::Planning planning(identity, plan::features());
    planning.fold(std::vector<model::Change>{model::put("config", config)});
    return plan::map_sizes::sizes(planning.snapshot());
  }
  // The kernel's figure, with so many frontends there.
  double memory_with(const std::vector<model::desired::MapSize>& sizes, uint32_t frontends) {
    auto object = object_of(64);
    object.maps = sizes;
    auto put = io::kernel::DatapathObjectStore(bpf_root_).put(object, nullptr);
    EXPECT_TRUE(put.ok()) << put.error().text;
    auto map = io::kernel::HashMap<frontend_key, frontend>::open(bpf_root_, "frontend_sets");
    for (uint32_t i = 0; i < frontends; ++i) {
      const std::string address = "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
      EXPECT_TRUE(map->update({.address = model::to_abi(*base::parse_ip(address)), .port_be = 1, .protocol = 6, .node_port = 0}, {}).ok());
    }
    auto use = io::kernel::measure_use(bpf_root_, base::Millis(60'000));
    EXPECT_TRUE(use.ok()) << use.error().text;
    return static_cast<double>(use->memory);
  }
};

// The README's own numbers: bytes for each entry of flows, for each of bpf.lbMapMax, for each frontend, MiB for the rest.
double by_readme(double flows, double lb_map_max, double frontends) {
  std::ifstream file(ICHOR_SOURCE_DIR "/README.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::regex formula(
      R"((\d+) bytes for each entry of `flows`,\s+(\d+) for each of\s+`bpf.lbMapMax`,\s+(\d+) for each frontend[^.]*and\s+(\d+) MiB)");
  std::smatch found;
  if (!std::regex_search(text, found, formula)) return 0;
  const auto number = [&](size_t i) { return std::stod(found[i].str()); };
  return number(1) * flows + number(2) * lb_map_max + number(3) * frontends + number(4) * (1 << 20);
}

TEST_F(DatapathMapMemory, IsWhatThePlannerAndTheReadmeSay) {
  model::Config config;
  config.lb_map_max = kEndpoints;
  config.ct_tcp_max = kFlows;
  const auto sizes = sizes_of(config);

  const double memory = memory_with(sizes, kFrontends);

  const double planned = static_cast<double>(plan::map_sizes::memory_of(sizes) + kFrontends * plan::map_sizes::kBytesInUse);
  EXPECT_NEAR(planned / memory, 1, kTolerance) << memory;
  EXPECT_NEAR(by_readme(2 * kFlows, kEndpoints, kFrontends) / memory, 1, kTolerance) << memory;
  RecordProperty("memory", std::to_string(memory));
}

TEST_F(DatapathMapMemory, OfANodeAsItComesToo) {
  const auto sizes = sizes_of({});

  const double memory = memory_with(sizes, 0);

  EXPECT_NEAR(static_cast<double>(plan::map_sizes::memory_of(sizes)) / memory, 1, kTolerance) << memory;
}

}  // namespace
