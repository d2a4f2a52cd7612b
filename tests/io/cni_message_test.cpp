// The control socket's messages, and those that are none.
#include <gmock/gmock.h>

#include "io/cni/message.h"

namespace io::cni {
namespace {

using testing::HasSubstr;

const Request kRequest{
    Verb::kAdd, "abc",
    "eth0",     "/run/netns/x",
    "ns",       "web-0",
    "u-1",      {{*base::parse_ip("192.0.2.1"), 8080, 80, model::Protocol::kUdp}, {std::nullopt, 81, 81, model::Protocol::kTcp}}};

TEST(IoCniMessage, ARequestArrivesAsItWasSent) {
  const auto request = parse_request(encode(kRequest));

  ASSERT_TRUE(request);
  EXPECT_EQ(*request, kRequest);
}

TEST(IoCniMessage, AReplyArrivesAsItWasSent) {
  const Reply attached{
      std::nullopt,
      {"ich0a", "02:00:00:00:00:01", "02:00:00:00:00:02", {*base::parse_ip("10.1.0.5")}, {*base::parse_ip("169.254.1.1")}, 1500}};
  const Reply failed{Failure{Code::kTryLater, "later", "really"}, {}};

  EXPECT_EQ(*parse_reply(encode(attached)), attached);
  EXPECT_EQ(*parse_reply(encode(failed)), failed);
}

TEST(IoCniMessage, WhatIsNoRequestIsNamed) {
  for (const auto& [text, named] : {
           std::pair{"", "JSON"},
           std::pair{"[1]", "JSON"},
           std::pair{"{}", "verb"},
           std::pair{R"({"verb":7})", "type"},
           std::pair{R"({"verb":"VERSION"})", "verb"},
           std::pair{R"({"verb":"ADD"})", "containerId"},
           std::pair{R"({"verb":"DEL","containerId":"a/b","ifname":"eth0"})", "containerId"},
           std::pair{R"({"verb":"DEL","containerId":"ab"})", "ifname"},
           std::pair{R"({"verb":"DEL","containerId":"ab","ifname":"eth0","podName":"\u0000"})", "podName"},
       }) {
    const auto request = parse_request(text);
    ASSERT_FALSE(request) << text;
    EXPECT_THAT(request.error().text, HasSubstr(named));
  }
}

TEST(IoCniMessage, WhatIsNoReplyIsAnError) {
  for (const char* text : {"", "{}", R"({"error":1})", R"({"error":{"code":"x","msg":""}})",
                           R"({"hostLink":"","hostMac":"","podMac":"","mtu":1,"addresses":["x"],"gateways":[]})"})
    EXPECT_FALSE(parse_reply(text)) << text;
  for (const char* code : {"-1", "4294967296", "1.5", "11000000000000000922337203685477580700", "\"7\"", "null"})
    EXPECT_FALSE(parse_reply(std::string(R"({"error":{"msg":"m","code":)") + code + "}}")) << code;
}

}  // namespace
}  // namespace io::cni
