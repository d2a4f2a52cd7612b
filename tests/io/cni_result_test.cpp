// Results and errors in the form of each CNI version.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "io/cni/result.h"

namespace io::cni {
namespace {

using nlohmann::json;

const Attachment kAttachment{"ich0a",
                             "02:00:00:00:00:01",
                             "02:00:00:00:00:02",
                             {*base::parse_ip("10.1.0.5"), *base::parse_ip("fd00::5")},
                             {*base::parse_ip("169.254.1.1"), *base::parse_ip("fe80::1")},
                             1450};

json result_in(const std::string& version) {
  Invocation invocation;
  invocation.ifname = "eth0";
  invocation.netns = "/run/netns/x";
  invocation.conf.version = version;
  return json::parse(render_result(invocation, kAttachment));
}

TEST(IoCniResult, EachVersionHasInterfacesAddressesAndRoutes) {
  for (const std::string_view version : kVersions) {
    const json result = result_in(std::string(version));
    EXPECT_EQ(result["cniVersion"], version);
    EXPECT_EQ(result["interfaces"][0]["name"], "ich0a");
    EXPECT_FALSE(result["interfaces"][0].contains("sandbox"));
    EXPECT_EQ(result["interfaces"][1]["name"], "eth0");
    EXPECT_EQ(result["interfaces"][1]["mac"], "02:00:00:00:00:02");
    EXPECT_EQ(result["interfaces"][1]["sandbox"], "/run/netns/x");
    EXPECT_EQ(result["ips"][0]["address"], "10.1.0.5/32");
    EXPECT_EQ(result["ips"][0]["gateway"], "169.254.1.1");
    EXPECT_EQ(result["ips"][1]["address"], "fd00::5/128");
    EXPECT_EQ(result["ips"][1]["interface"], 1);
    EXPECT_EQ(result["routes"], json::parse(R"([{"dst":"0.0.0.0/0","gw":"169.254.1.1"},{"dst":"::/0","gw":"fe80::1"}])"));
  }
}

TEST(IoCniResult, OnlyVersionsBelowOneTellTheFamilyOfAnAddress) {
  EXPECT_EQ(result_in("0.3.1")["ips"][0]["version"], "4");
  EXPECT_EQ(result_in("0.4.0")["ips"][1]["version"], "6");
  EXPECT_FALSE(result_in("1.0.0")["ips"][0].contains("version"));
  EXPECT_FALSE(result_in("1.1.0")["ips"][0].contains("version"));
}

TEST(IoCniResult, TheMtuIsToldFrom110On) {
  EXPECT_FALSE(result_in("1.0.0")["interfaces"][1].contains("mtu"));
  EXPECT_EQ(result_in("1.1.0")["interfaces"][1]["mtu"], 1450);
}

TEST(IoCniResult, AFailureIsValidJsonWhateverItQuotes) {
  const json failure = json::parse(render_failure("1.0.0", {Code::kTryLater, "no \"agent\" \xff", "why"}));

  EXPECT_EQ(failure["cniVersion"], "1.0.0");
  EXPECT_EQ(failure["code"], 11);
  EXPECT_EQ(failure["details"], "why");
}

TEST(IoCniResult, AllVersionsAreListed) {
  EXPECT_EQ(json::parse(render_versions("0.4.0")),
            json::parse(R"({"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]})"));
}

}  // namespace
}  // namespace io::cni
