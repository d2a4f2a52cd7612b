// Which ports translated sources get.
#include "plan/nat_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "plan/node.h"
#include "plan/programs.h"
#include "support/builders.h"

namespace {

using model::PortRange;

struct Case {
  PortRange local, node_ports, nat;
  bool shared = false;
};

engine::Planning planning_of(const PortRange& local, const PortRange& node_ports) {
  model::Identity identity;
  identity.local_ports = local;
  engine::Planning planning(identity, plan::features());
  model::Config config;
  config.node_ports = node_ports;
  planning.fold({model::put(config)});
  return planning;
}

TEST(PlanNatPorts, AreTheLongestRangeThatNobodyElseUses) {
  const Case kCases[] = {
      {{32768, 60999}, {30000, 32767}, {1024, 29999}},         // a node's defaults
      {{1024, 29999}, {30000, 32767}, {32768, 65535}},         // the other side
      {{10000, 20000}, {30000, 32767}, {32768, 65535}},        // three gaps
      {{32768, 60999}, {20000, 20100}, {1024, 19999}},         //
      {{32768, 60999}, {1, 2000}, {2001, 32767}},              // node ports below 1024, too
      {{15000, 60000}, {14000, 30000}, {1024, 13999}},         // overlapping
      {{15000, 60000}, {0, 0}, {1024, 14999}},                 // none
      {{1024, 65535}, {30000, 32767}, {32768, 65535}, true},   // nothing is left
      {{5000, 62000}, {30000, 32767}, {32768, 65535}, true},   // 3,976 ports and 3,535: too few
      {{5120, 65535}, {30000, 32767}, {1024, 5119}, false},    // just enough
      {{1, 65535}, {1, 65535}, {0, 0}, true},                  // nowhere
      {{32768, 60999}, {1024, 32767}, {61000, 65535}, false},  // what is above
      {{32768, 65535}, {1024, 32767}, {32768, 65535}, true},   // the last port counts
      {{65535, 65535}, {1024, 1024}, {1025, 65534}, false},    // both ends
  };
  for (const auto& one : kCases) {
    auto planning = planning_of(one.local, one.node_ports);
    const auto ports = plan::nat_ports(planning.snapshot());
    EXPECT_EQ(ports.range.first, one.nat.first) << one.local.first << " " << one.node_ports.first;
    EXPECT_EQ(ports.range.last, one.nat.last) << one.local.first << " " << one.node_ports.first;
    EXPECT_EQ(ports.shared, one.shared) << one.local.first << " " << one.node_ports.first;
  }
}

TEST(PlanNatPorts, AreConfiguredIntoTheProgramsAndPartOfTheirGeneration) {
  auto usual = planning_of({32768, 60999}, {30000, 32767}), other = planning_of({10000, 60999}, {30000, 32767});

  EXPECT_EQ(plan::datapath_config_of(usual.snapshot()).first_nat_port, 1024);
  EXPECT_EQ(plan::datapath_config_of(usual.snapshot()).last_nat_port, 29999);
  EXPECT_EQ(plan::datapath_config_of(usual.snapshot()).unanswered_per_pod, 7244);
  EXPECT_EQ(plan::datapath_config_of(other.snapshot()).last_nat_port, 9999);
  EXPECT_NE(plan::program_generation(usual.snapshot()), plan::program_generation(other.snapshot()));
}

TEST(PlanNatPorts, SharedOnesAreANoteThatNamesTheSetting) {
  auto usual = planning_of({32768, 60999}, {30000, 32767}), shared = planning_of({1024, 65535}, {30000, 32767});

  EXPECT_THAT(plan::programs::plan("node", usual.snapshot()).notes, testing::IsEmpty());
  EXPECT_THAT(plan::programs::plan("node", shared.snapshot()).notes,
              testing::ElementsAre(testing::HasSubstr("ip_local_port_range is 1024 to 65535")));
}

}  // namespace
