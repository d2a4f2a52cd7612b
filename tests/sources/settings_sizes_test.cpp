// Keys that say how large tables are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/settings.h"

namespace {

using sources::parse_settings;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines(const sources::Settings& settings) {
  std::vector<std::string> lines;
  for (const auto& error : settings.errors) lines.push_back(model::to_string(error));
  return lines;
}

TEST(SettingsSizes, OfTheTableOfFlowsMayBeZeroOrInBounds) {
  auto settings = parse_settings({{"values.yaml", "bpf: {ctTcpMax: 0, ctAnyMax: 1024, natMax: 16777216}\n"}}, {});

  EXPECT_THAT(lines(settings), IsEmpty());
  EXPECT_EQ(settings.config.ct_tcp_max, 0u);
  EXPECT_EQ(settings.config.ct_any_max, 1024u);
  EXPECT_EQ(settings.config.nat_max, 16777216u);
}

TEST(SettingsSizes, OutOfBoundsAreAnErrorThatNamesTheKey) {
  EXPECT_THAT(
      lines(parse_settings({{"values.yaml", "bpf:\n  ctTcpMax: 1023\n  ctAnyMax: 4194305\n  natMax: 16777217\n"}}, {})),
      ElementsAre("values.yaml:2: bpf.ctTcpMax: \"1023\" is not 0 or a whole number from 1024 to 4194304 (allowed: 0 or a whole number "
                  "from 1024 to 4194304)",
                  "values.yaml:3: bpf.ctAnyMax: \"4194305\" is not 0 or a whole number from 1024 to 4194304 (allowed: 0 or a whole number "
                  "from 1024 to 4194304)",
                  "values.yaml:4: bpf.natMax: \"16777217\" is not 0 or a whole number from 1024 to 16777216 (allowed: 0 or a whole number "
                  "from 1024 to 16777216)"));
}

}  // namespace
