#include <gmock/gmock.h>
#include <netinet/in.h>

#include <nlohmann/json.hpp>

#include "status/answers.h"
#include "support/memory_flow_table.h"
#include "support/memory_service_maps.h"
#include "support/published_sample.h"

namespace status {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StatusConnections : public testing::Test {
 protected:
  StatusConnections() {
    using namespace support;
    auto published = a_quiet_node();
    put(published.snapshot, the_sandbox(a_sandbox("a")));
    put(published.snapshot, model::put(std::string("a/eth0"), model::Allocation{{ip("10.244.0.5")}, {}}));
    moment_.published = std::make_shared<const model::Published>(std::move(published));
    moment_.kernel = &kernel_;
    kernel_.flows = [this](const std::string&) -> base::Result<std::unique_ptr<io::kernel::FlowTable>> {
      return std::unique_ptr<io::kernel::FlowTable>(std::make_unique<MemoryFlowTable>(flows_));
    };
    // A pod calls the world; a client calls a balancer's address, whose backend is elsewhere; the world calls a pod.
    flows_.open(FLOW_DEPARTS, IPPROTO_TCP, "10.244.0.5", 40000, "198.51.100.7", 443, "192.0.2.1", 20001, FLOW_ESTABLISHED, 9);
    flows_.open(FLOW_ARRIVES, IPPROTO_TCP, "198.51.100.9", 50000, "203.0.113.5", 80, "10.244.1.6", 8080, FLOW_NEW, 2);
    flows_.open(FLOW_DEPARTS, IPPROTO_TCP, "198.51.100.9", 50000, "10.244.1.6", 8080, "192.0.2.1", 20002, FLOW_NEW, 3);
    flows_.open(FLOW_ARRIVES, IPPROTO_UDP, "198.51.100.9", 50001, "10.244.0.5", 53, "10.244.0.5", 53, FLOW_CLOSING, 4);
    flows_.open(FLOW_DEPARTS, IPPROTO_ICMPV6, "fd00:10:244::5", 77, "2001:db8::7", 0, "2001:db8:1::1", 20003, FLOW_NEW, 1);
  }
  io::http::Response get(const std::string& name, std::map<std::string, std::string> query) {
    return answer({"/tables/" + name, std::move(query), "", ""}, moment_);
  }
  std::vector<std::string> keys(const std::string& name, std::map<std::string, std::string> query) {
    query["format"] = "json";
    auto response = get(name, query);
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<std::string> keys;
    for (const auto& row : nlohmann::json::parse(response.body)) keys.push_back(row["key"]);
    return keys;
  }
  using MemoryFlowTable = support::MemoryFlowTable;

  support::FlowMemory flows_;
  KernelMaps kernel_;
  Moment moment_{nullptr, true, base::BootTime(100'000), {}, nullptr};
};

constexpr const char* kMasqueraded = "TCP OUT 10.244.0.5:40000 198.51.100.7:443";
constexpr const char* kArrived = "TCP IN 198.51.100.9:50000 203.0.113.5:80";
constexpr const char* kSentOn = "TCP OUT 198.51.100.9:50000 10.244.1.6:8080";
constexpr const char* kDirect = "UDP IN 198.51.100.9:50001 10.244.0.5:53";
constexpr const char* kEcho = "ICMPv6 OUT [fd00:10:244::5]:77 2001:db8::7";

TEST_F(StatusConnections, AFlowIsOneRowTheMostRecentlyUsedFirst) {
  EXPECT_EQ(get("connections", {}).body,
            "PROTOCOL  WAY  SOURCE               DESTINATION       XLATE-SRC              XLATE-DST        STATE        IDLE-SECONDS  "
            "EXPIRES-SECONDS  POD\n"
            "ICMPv6    OUT  [fd00:10:244::5]:77  2001:db8::7       [2001:db8:1::1]:20003  -                new          1             59   "
            "            -\n"
            "TCP       IN   198.51.100.9:50000   203.0.113.5:80    -                      10.244.1.6:8080  new          2             58   "
            "            -\n"
            "TCP       OUT  198.51.100.9:50000   10.244.1.6:8080   192.0.2.1:20002        -                new          3             57   "
            "            -\n"
            "UDP       IN   198.51.100.9:50001   10.244.0.5:53     -                      -                closing      4             26   "
            "            "
            "default/pod-a\n"
            "TCP       OUT  10.244.0.5:40000     198.51.100.7:443  192.0.2.1:20001        -                established  9             7991 "
            "            "
            "default/pod-a\n");
}

TEST_F(StatusConnections, NatHasThoseThatLeaveWithAnotherSourceAndSaysWhy) {
  EXPECT_THAT(
      get("nat", {}).body,
      testing::AllOf(HasSubstr("TCP       OUT  10.244.0.5:40000     198.51.100.7:443  192.0.2.1:20001        masquerade  established"),
                     HasSubstr("TCP       OUT  198.51.100.9:50000   10.244.1.6:8080   192.0.2.1:20002        service     new")));
  EXPECT_THAT(keys("nat", {}), ElementsAre(kEcho, kSentOn, kMasqueraded));
}

TEST_F(StatusConnections, FiltersLookAtEveryAddressAndPortOfARow) {
  EXPECT_THAT(keys("connections", {{"address", "10.244.0.5"}}), ElementsAre(kDirect, kMasqueraded));
  EXPECT_THAT(keys("connections", {{"address", "10.244.1.0/24"}}), ElementsAre(kArrived, kSentOn));
  EXPECT_THAT(keys("connections", {{"address", "2001:db8:1::1"}}), ElementsAre(kEcho));
  EXPECT_THAT(keys("connections", {{"port", "20002"}}), ElementsAre(kSentOn));
  EXPECT_THAT(keys("connections", {{"port", "8080"}}), ElementsAre(kArrived, kSentOn));
  EXPECT_THAT(keys("connections", {{"protocol", "udp"}}), ElementsAre(kDirect));
  EXPECT_THAT(keys("connections", {{"protocol", "58"}}), ElementsAre(kEcho));
  EXPECT_THAT(keys("connections", {{"state", "Established"}}), ElementsAre(kMasqueraded));
  EXPECT_THAT(keys("nat", {{"state", "new"}, {"protocol", "TCP"}}), ElementsAre(kSentOn));
}

TEST_F(StatusConnections, WhatIsLeftOutIsCountedBelowTheTableAndBesideTheJson) {
  auto text = get("connections", {{"limit", "2"}});
  auto json = get("connections", {{"limit", "2"}, {"format", "json"}});

  const std::string note = "3 more; leave some out by address=, port=, protocol=, state=, or see up to 10000 by limit=";
  EXPECT_THAT(text.body, testing::EndsWith("\n" + note + "\n"));
  EXPECT_EQ(json.headers[kNoteHeader], note);
  EXPECT_EQ(nlohmann::json::parse(json.body).size(), 2u);
  EXPECT_THAT(keys("connections", {{"limit", "2"}}), ElementsAre(kEcho, kArrived));
  EXPECT_FALSE(get("connections", {}).headers.contains(kNoteHeader));
}

TEST_F(StatusConnections, WhoseTimeIsOverSaysSo) {
  flows_.stops_after = 4;

  EXPECT_THAT(get("connections", {}).body, testing::EndsWith("time ran out before all entries were looked at\n"));
}

TEST_F(StatusConnections, TheOtherWayOfAFlowMayBeTheBusyOne) {
  flows_.entries[1].second.used_ns = flows_.now_ns;

  EXPECT_THAT(get("connections", {{"port", "443"}}).body, HasSubstr("established  0             8000             default/pod-a"));
}

TEST_F(StatusConnections, ManyFlowsCostTheMemoryOfThoseThatAreShown) {
  for (int i = 0; i < 100'000; ++i)
    flows_.entries.push_back({flow_key{{}, {}, static_cast<uint16_t>(i), 0, IPPROTO_UDP, FLOW_ARRIVES, 0},
                              flow{{}, 0, FLOW_NEW, FLOW_OPENER, 0, 0, static_cast<uint64_t>(i)}});

  auto response = get("connections", {{"limit", "10"}});

  EXPECT_THAT(response.body, HasSubstr("\n99995 more; "));
  EXPECT_LT(response.body.size(), 5'000u);
}

TEST_F(StatusConnections, AnUnknownFilterOrValueIsAnErrorThatNamesIt) {
  const std::pair<std::map<std::string, std::string>, const char*> kCases[] = {
      {{{"adress", "10.0.0.1"}}, "there is no filter \"adress\" here; there are: address, port, protocol, state, limit"},
      {{{"address", "10.0.0"}}, "address=10.0.0 is not an address or a prefix"},
      {{{"port", "http"}}, "port=http is not a port"},
      {{{"port", "65536"}}, "port=65536 is not a port"},
      {{{"protocol", "tpc"}}, "protocol=tpc is not a protocol such as tcp, udp, icmp or 47"},
      {{{"limit", "0"}}, "limit=0 is not a number of rows from 1 to 10000"},
      {{{"limit", "10001"}}, "limit=10001 is not"},
      {{{"limit", ""}}, "limit= is not"},
      {{{"state", "estab"}}, "state=estab is not new, established or closing"},
      {{{"format", "xml"}}, "format is text or json"},
  };
  for (const auto& [query, text] : kCases) {
    auto response = get("connections", query);
    EXPECT_EQ(response.status, 400) << text;
    EXPECT_THAT(response.body, HasSubstr(text));
  }
  EXPECT_EQ(get("services", {{"address", "10.0.0.1"}}).status, 400) << "a table without filters ignores none";
}

TEST_F(StatusConnections, WithoutADatapathThereIsNothingToSee) {
  kernel_.flows = [](const std::string&) -> base::Result<std::unique_ptr<io::kernel::FlowTable>> {
    return base::Error{ENOENT, "map flows: pin /sys/fs/bpf/ichor/maps/flows_v1: No such file or directory"};
  };

  auto response = get("nat", {});

  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("no datapath is loaded: map flows"));
}

TEST_F(StatusConnections, MoreThanTwoDoNotLookAtOnce) {
  ASSERT_TRUE(kernel_.places.try_acquire() && kernel_.places.try_acquire());
  EXPECT_EQ(get("connections", {}).status, 503);

  kernel_.places.release();
  EXPECT_EQ(get("connections", {}).status, 200);
  EXPECT_EQ(get("connections", {{"limit", "x"}}).status, 400);
  EXPECT_EQ(get("connections", {}).status, 200) << "an error keeps no place";
}

TEST_F(StatusConnections, TheyAreAmongTheTables) {
  auto response = answer({"/tables", {}, "", ""}, moment_);

  EXPECT_THAT(response.body, testing::ContainsRegex("connections +- +Flows"));
  EXPECT_THAT(get("conections", {}).body, HasSubstr("did you mean connections?"));
}

}  // namespace
}  // namespace status
