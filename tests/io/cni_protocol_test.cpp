// What a runtime may say to the plugin, and what the plugin says to that.
#include <gmock/gmock.h>

#include "io/cni/protocol.h"
#include "support/cni_plugin.h"

namespace io::cni {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Variables kAdd{"ADD", "abc123", "/run/netns/x", "eth0", ""};

Variables with(Variables variables, std::string Variables::* which, const std::string& value) {
  variables.*which = value;
  return variables;
}

Failure refused(const Variables& variables, const std::string& conf) {
  const auto parsed = parse_invocation(variables, conf);
  const auto* failure = std::get_if<Failure>(&parsed);
  EXPECT_NE(failure, nullptr);
  return failure ? *failure : Failure{};
}

std::string conf(const std::string& version = "1.0.0", const std::string& extra = "") { return support::cni_conf("/r", version, extra); }

TEST(IoCniProtocol, AnAddIsReadWithItsPod) {
  const Variables variables = with(kAdd, &Variables::args, "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_UID=u-1");

  const auto parsed = parse_invocation(variables, conf());

  ASSERT_TRUE(std::holds_alternative<Invocation>(parsed));
  const auto& invocation = std::get<Invocation>(parsed);
  EXPECT_EQ(invocation.verb, Verb::kAdd);
  EXPECT_EQ(invocation.container_id, "abc123");
  EXPECT_EQ(invocation.netns, "/run/netns/x");
  EXPECT_EQ(invocation.ifname, "eth0");
  EXPECT_EQ(invocation.pod_namespace + "/" + invocation.pod_name + "/" + invocation.pod_uid, "ns/web-0/u-1");
  EXPECT_EQ(invocation.conf.socket, "/r/agent.sock");
  EXPECT_EQ(invocation.conf.queue, "/r/cni-deletions");
}

TEST(IoCniProtocol, AMissingOrImpossibleVariableIsCode4AndNamed) {
  for (const auto& [variables, name] : {
           std::pair{with(kAdd, &Variables::command, ""), "CNI_COMMAND"},
           std::pair{with(kAdd, &Variables::command, "add"), "CNI_COMMAND"},
           std::pair{with(kAdd, &Variables::container_id, ""), "CNI_CONTAINERID"},
           std::pair{with(kAdd, &Variables::container_id, "../x"), "CNI_CONTAINERID"},
           std::pair{with(kAdd, &Variables::container_id, std::string(129, 'a')), "CNI_CONTAINERID"},
           std::pair{with(kAdd, &Variables::ifname, ""), "CNI_IFNAME"},
           std::pair{with(kAdd, &Variables::ifname, "a/b"), "CNI_IFNAME"},
           std::pair{with(kAdd, &Variables::ifname, ".."), "CNI_IFNAME"},
           std::pair{with(kAdd, &Variables::ifname, "sixteen-letters-"), "CNI_IFNAME"},
           std::pair{with(kAdd, &Variables::netns, ""), "CNI_NETNS"},
           std::pair{with(kAdd, &Variables::args, "K8S_POD_NAME"), "CNI_ARGS"},
           std::pair{with(kAdd, &Variables::args, "K8S_POD_NAME=" + std::string(254, 'x')), "CNI_ARGS"},
       }) {
    const Failure failure = refused(variables, conf());
    EXPECT_EQ(failure.code, Code::kBadVariables) << name;
    EXPECT_THAT(failure.msg, HasSubstr(name));
  }
}

TEST(IoCniProtocol, HostPortsAreReadAsRuntimesWriteThem) {
  const auto parsed = parse_invocation(kAdd, conf("1.0.0", R"(,"runtimeConfig":{"portMappings":[
      {"hostPort":8080,"containerPort":80,"protocol":"tcp"},{"hostPort":53,"containerPort":5353,"protocol":"UDP","hostIP":"192.0.2.1"},
      {"hostPort":0,"containerPort":9},{"HostPort":81,"ContainerPort":81,"Protocol":"tcp","HostIP":""}]})"));
  ASSERT_TRUE(std::holds_alternative<Invocation>(parsed));
  EXPECT_THAT(std::get<Invocation>(parsed).conf.host_ports,
              ElementsAre(model::HostPort{std::nullopt, 8080, 80, model::Protocol::kTcp},
                          model::HostPort{*base::parse_ip("192.0.2.1"), 53, 5353, model::Protocol::kUdp},
                          model::HostPort{std::nullopt, 81, 81, model::Protocol::kTcp}));
}

TEST(IoCniProtocol, AHostPortThatIsNoneIsCode7AndNamed) {
  for (const auto& [mappings, named] : {
           std::pair{"{}", "portMappings: not a list"},
           std::pair{"[7]", "portMappings[0]: not an object"},
           std::pair{R"([{"hostPort":1,"containerPort":1},{"hostPort":65536,"containerPort":1}])", "portMappings[1]: hostPort"},
           std::pair{R"([{"hostPort":1.5,"containerPort":1}])", "portMappings[0]: hostPort"},
           std::pair{R"([{"hostPort":-1,"containerPort":1}])", "portMappings[0]: hostPort"},
           std::pair{R"([{"hostPort":1}])", "containerPort"},
           std::pair{R"([{"hostPort":1,"containerPort":0}])", "containerPort"},
           std::pair{R"([{"hostPort":1,"containerPort":1,"protocol":"icmp"}])", "protocol"},
           std::pair{R"([{"hostPort":1,"containerPort":1,"hostIP":"x"}])", "hostIP"},
       }) {
    const Failure failure = refused(kAdd, conf("1.0.0", std::string(R"(,"runtimeConfig":{"portMappings":)") + mappings + "}"));
    EXPECT_EQ(failure.code, Code::kInvalidConf) << mappings;
    EXPECT_THAT(failure.msg, HasSubstr(named));
  }
  EXPECT_EQ(refused(kAdd, conf("1.0.0", R"(,"runtimeConfig":[])")).code, Code::kInvalidConf);
}

TEST(IoCniProtocol, DelNeedsNoNamespaceNorAnIntactEarlierResult) {
  const Variables variables{"DEL", "abc123", "", "eth0", "nonsense"};

  EXPECT_TRUE(std::holds_alternative<Invocation>(parse_invocation(variables, conf("0.4.0", R"(,"prevResult":17)"))));
}

TEST(IoCniProtocol, StatusAndVersionNeedNoVariables) {
  EXPECT_TRUE(std::holds_alternative<Invocation>(parse_invocation({"STATUS", "", "", "", ""}, conf("1.1.0"))));
  EXPECT_TRUE(std::holds_alternative<Invocation>(parse_invocation({"VERSION", "", "", "", ""}, "")));
}

TEST(IoCniProtocol, OtherVersionsAreCode1) {
  for (const char* version : {"", "0.2.0", "0.3.0", "1.2.0", "2.0.0"})
    EXPECT_EQ(refused(kAdd, conf(version)).code, Code::kIncompatibleVersion) << version;
  EXPECT_EQ(refused(kAdd, "{}").code, Code::kIncompatibleVersion);
}

TEST(IoCniProtocol, AConfThatIsNoObjectIsCode6) {
  for (const char* text : {"", "{", "[]", "null", "\xff"}) EXPECT_EQ(refused(kAdd, text).code, Code::kDecode) << text;
}

TEST(IoCniProtocol, AConfWithoutPathsIsCode7AndTheKeyNamed) {
  EXPECT_EQ(refused(kAdd, R"({"cniVersion":"1.0.0","socket":"/s"})").code, Code::kInvalidConf);
  EXPECT_THAT(refused(kAdd, R"({"cniVersion":"1.0.0","socket":"/s"})").msg, HasSubstr("queue"));
  EXPECT_THAT(refused(kAdd, R"({"cniVersion":"1.0.0","socket":"s","queue":"/q"})").msg, HasSubstr("socket"));
  EXPECT_THAT(refused(kAdd, R"({"cniVersion":"1.0.0","socket":[],"queue":"/q"})").msg, HasSubstr("socket"));
}

TEST(IoCniProtocol, AnEarlierPluginIsRefusedByAddAndNeededByCheck) {
  const Variables check = with(kAdd, &Variables::command, "CHECK");
  const std::string result = R"(,"prevResult":{"ips":[{"address":"10.1.0.5/32"},{"address":"fd00::5/128"}]})";

  EXPECT_EQ(refused(kAdd, conf("1.0.0", result)).code, Code::kInvalidConf);
  EXPECT_EQ(refused(check, conf()).code, Code::kInvalidConf);
  EXPECT_EQ(refused(check, conf("1.0.0", R"(,"prevResult":{"ips":[{"address":"x"}]})")).code, Code::kInvalidConf);
  const auto parsed = parse_invocation(check, conf("1.0.0", result));
  ASSERT_TRUE(std::holds_alternative<Invocation>(parsed));
  EXPECT_THAT(std::get<Invocation>(parsed).conf.previous_addresses, ElementsAre(*base::parse_ip("10.1.0.5"), *base::parse_ip("fd00::5")));
}

TEST(IoCniProtocol, GarbageCollectionIsRefusedByName) { EXPECT_THAT(refused({"GC", "", "", "", ""}, conf("1.1.0")).msg, HasSubstr("GC")); }

TEST(IoCniProtocol, AnswersComeInTheVersionAskedForOrTheNewest) {
  EXPECT_EQ(answer_version(conf("0.3.1")), "0.3.1");
  EXPECT_EQ(answer_version(conf("9.9.9")), "1.1.0");
  EXPECT_EQ(answer_version("no json"), "1.1.0");
}

}  // namespace
}  // namespace io::cni
