#include "status/pressure.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include <nlohmann/json.hpp>

#include "status/summary.h"
#include "support/published_sample.h"

namespace status {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

model::Published a_node_with_nat_ports(uint16_t first, uint16_t last) {
  auto published = support::a_quiet_node();
  model::desired::DatapathObject object{.generation = "abc", .config = {}, .maps = {}};
  object.config.first_nat_port = first;
  object.config.last_nat_port = last;
  support::put(published, object, {"programs", "node"});
  return published;
}

Summary summary_of(const model::Published& published, const io::kernel::Use& use) {
  Surroundings around;
  around.use = std::make_shared<const io::kernel::Use>(use);
  return summarize(published, base::BootTime(100'000), around);
}

io::kernel::Use with_flows(uint64_t entries, uint32_t ports) {
  io::kernel::Use use;
  use.maps = {{"affinities", 100, 100, true, true},
              {"backends", 3, 1000, false, true},
              {"flows", entries, 1000, false, true},
              {"pods", 0, 256, false, true}};
  use.memory = 5 << 19;
  if (ports) use.busiest = io::kernel::NatUse{support::ip("192.0.2.1"), support::ip("198.51.100.7"), 443, IPPROTO_TCP, ports};
  return use;
}

TEST(StatusPressure, IsShownWithTheFullestFirst) {
  const auto summary = summary_of(a_node_with_nat_ports(1024, 2023), with_flows(120, 50));

  EXPECT_THAT(summary_text(summary),
              HasSubstr("use        tables with entries (3): affinities 100/100 100%, flows 120/1000 12%, backends 3/1000 0%\n"
                        "           2.5 MiB of the kernel's memory for all maps\n"
                        "           NAT ports of the busiest destination, 198.51.100.7:443/TCP from 192.0.2.1: 50 of 1000, 5%\n"));
  EXPECT_THAT(summary.problems, IsEmpty()) << "a table that forgets may be full";
  const auto json = nlohmann::json::parse(summary_json(summary));
  EXPECT_EQ(json["tables"][1], nlohmann::json::parse(R"({"table": "flows", "entries": 120, "room": 1000, "percent": 12, "forgets": false,
    "whole": true})"));
  EXPECT_EQ(json["map_memory_bytes"], 5 << 19);
  EXPECT_EQ(json["busiest_nat_destination"]["percent"], 5);
  EXPECT_EQ(json["busiest_nat_destination"]["destination"], "198.51.100.7");
}

TEST(StatusPressure, AboveNineTenthsIsAProblemWithARemedy) {
  EXPECT_THAT(summary_of(a_node_with_nat_ports(1024, 2023), with_flows(899, 899)).problems, IsEmpty());

  const auto summary = summary_of(a_node_with_nat_ports(1024, 2023), with_flows(900, 950));

  ASSERT_EQ(summary.problems.size(), 2u);
  EXPECT_EQ(model::to_string(summary.problems[0]),
            "table flows: 900 of 1000 entries are taken (90 %) (see get connections, and which pod opens so many; bpf.ctTcpMax makes it "
            "larger)");
  EXPECT_EQ(model::to_string(summary.problems[1]),
            "NAT ports: towards 198.51.100.7:443/TCP from 192.0.2.1: 950 of 1000 ports are taken (95 %) (see get nat: fewer flows to that "
            "destination, or more nodes)");
  EXPECT_THAT(summary_faults(summary), testing::Contains(HasSubstr("table flows")));
}

TEST(StatusPressure, WithoutADatapathThereIsNone) {
  const auto summary = summarize(support::a_quiet_node(), base::BootTime(100'000), {});

  EXPECT_THAT(summary_text(summary), Not(HasSubstr("\nuse ")));
  EXPECT_EQ(nlohmann::json::parse(summary_json(summary))["tables"], nullptr);
}

TEST(StatusUseCache, MeasuresNowAndThenHoweverOftenItIsAsked) {
  int measured = 0;
  base::Millis took{1};
  UseCache cache([&](const std::string&) -> base::Result<io::kernel::Use> {
    ++measured;
    io::kernel::Use use;
    use.took = took;
    return use;
  });
  for (int64_t second = 0; second < 10; ++second) EXPECT_NE(cache.get("", base::BootTime(1'000 + second * 1'000)), nullptr);
  EXPECT_EQ(measured, 1);

  took = base::Millis(1'000);
  cache.get("", base::BootTime(11'000));
  EXPECT_EQ(measured, 2);
  cache.get("", base::BootTime(100'000));
  EXPECT_EQ(measured, 2) << "one that takes long is made seldom: a hundredth of the time";
  cache.get("", base::BootTime(111'000));
  EXPECT_EQ(measured, 3);
}

TEST(StatusUseCache, WithoutADatapathItAsksAgainSoon) {
  bool loaded = false;
  UseCache cache([&](const std::string&) -> base::Result<io::kernel::Use> {
    if (!loaded) return base::Error{ENOENT, "map flows"};
    return io::kernel::Use{};
  });
  EXPECT_EQ(cache.get("", base::BootTime(1'000)), nullptr);
  loaded = true;
  EXPECT_EQ(cache.get("", base::BootTime(1'500)), nullptr);
  EXPECT_NE(cache.get("", base::BootTime(2'000)), nullptr);
}

}  // namespace
}  // namespace status
