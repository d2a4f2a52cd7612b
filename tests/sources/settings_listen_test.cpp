// Keys that say where something listens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/settings.h"

namespace {

using model::ListenAddress;
using sources::parse_settings;
using testing::HasSubstr;
using testing::IsEmpty;

std::string line(const std::string& value) { return "kubeProxyReplacementHealthzBindAddr: " + value + "\n"; }

TEST(SettingsListen, AnAddressAPortOrBoth) {
  const std::pair<const char*, ListenAddress> kCases[] = {
      {"0.0.0.0:10256", {*base::parse_ip("0.0.0.0"), 10256}},
      {"':10257'", {{}, 10257}},
      {"'[::]:10256'", {{}, 10256}},
      {"192.0.2.7:1", {*base::parse_ip("192.0.2.7"), 1}},
      {"'[fd00::7]:65535'", {*base::parse_ip("fd00::7"), 65535}},
  };
  for (const auto& [value, expected] : kCases) {
    auto settings = parse_settings({{"values.yaml", line(value)}}, {});
    EXPECT_THAT(settings.errors, IsEmpty()) << value;
    EXPECT_EQ(settings.config.proxy_healthz, expected) << value;
  }
}

// The chart's own default is the empty text, which there too means that nothing listens.
TEST(SettingsListen, EmptyIsNowhereAndWhatIsNotThereIsIchorsDefault) {
  auto settings = parse_settings({{"values.yaml", line("\"\"")}}, {});
  EXPECT_THAT(settings.errors, IsEmpty());
  EXPECT_EQ(settings.config.proxy_healthz, std::nullopt);
  EXPECT_EQ(settings.settings.size(), 1u);
  EXPECT_EQ(parse_settings({}, {"kubeProxyReplacementHealthzBindAddr="}).config.proxy_healthz, std::nullopt);

  for (const char* text : {"{}\n", "kubeProxyReplacementHealthzBindAddr: null\n", "kubeProxyReplacementHealthzBindAddr:\n"}) {
    EXPECT_EQ(parse_settings({{"values.yaml", text}}, {}).config.proxy_healthz, (ListenAddress{{}, 10256})) << text;
  }
  auto converted = sources::convert_settings(std::vector<sources::NamedText>{{"values.yaml", line("\"\"")}});
  EXPECT_EQ(parse_settings({{"kept.yaml", converted.values}}, {}).config.proxy_healthz, std::nullopt) << converted.values;
}

TEST(SettingsListen, WhatIsNoAddressIsAnErrorThatSaysSo) {
  for (const char* value : {"10256", "0.0.0.0", "'0.0.0.0:'", "0.0.0.0:0", "0.0.0.0:65536", "localhost:10256", "'fd00::7:10256'",
                            "'[10.0.0.1]:10256'", "'[]:10256'", "'10.0.0.1 :10256'", "[a]"}) {
    auto settings = parse_settings({{"values.yaml", line(value)}}, {});
    ASSERT_EQ(settings.errors.size(), 1u) << value;
    EXPECT_THAT(settings.errors[0].text, HasSubstr("is not an address and a port such as 0.0.0.0:10256, or empty")) << value;
  }
}

TEST(SettingsListen, HealthCheckNodePortsAreOnUnlessSwitchedOff) {
  EXPECT_TRUE(model::Config{}.health_check_node_ports);
  EXPECT_FALSE(parse_settings({{"values.yaml", "nodePort: {enableHealthCheck: false}\n"}}, {}).config.health_check_node_ports);
}

TEST(SettingsListen, MetricsAreScrapedAtTheirPortUnlessSwitchedOff) {
  EXPECT_TRUE(model::Config{}.prometheus);
  EXPECT_EQ(model::Config{}.prometheus_port, 9962);
  auto settings = parse_settings({{"values.yaml", "prometheus: {enabled: false, port: 9090}\n"}}, {});
  EXPECT_THAT(settings.errors, IsEmpty());
  EXPECT_FALSE(settings.config.prometheus);
  EXPECT_EQ(settings.config.prometheus_port, 9090);
  for (const char* value : {"port: 0", "port: 65536", "port: http", "enabled: maybe"})
    EXPECT_EQ(parse_settings({{"values.yaml", std::string("prometheus: {") + value + "}\n"}}, {}).errors.size(), 1u) << value;
}

}  // namespace
