// Service: what is defaulted, what is refused and how that is said.
#include <gmock/gmock.h>

#include "sources/decode/kinds.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

base::Ip ip(const char* text) { return *base::parse_ip(text); }

auto decode_service(const json& object, Warnings& warnings) { return sources::decode::decode_service(to_tree(object)->root(), warnings); }

json a_service(const char* spec, const char* status = "{}") {
  return {{"metadata", {{"name", "web"}}}, {"spec", json::parse(spec)}, {"status", json::parse(status)}};
}
model::Service decoded(const char* spec, const char* status = "{}") {
  Warnings warnings;
  auto service = decode_service(a_service(spec, status), warnings);
  EXPECT_TRUE(service.ok()) << service.error().text;
  EXPECT_EQ(warnings.text(), "") << spec;
  return service.ok() ? *service : model::Service();
}
std::string error_of(const json& object) {
  Warnings warnings;
  auto service = decode_service(object, warnings);
  return service.ok() ? "" : service.error().text;
}

TEST(SourcesDecodeService, WhatTheSpecLeavesOutIsFilledInAsTheApiServerWould) {
  auto service = decoded(R"({"clusterIP":"10.96.0.5","ports":[{"port":80}]})");

  EXPECT_EQ(service.meta.key(), "default/web");
  EXPECT_EQ(service.type, model::ServiceType::kClusterIp);
  EXPECT_THAT(service.cluster_ips, ElementsAre(ip("10.96.0.5")));
  EXPECT_THAT(service.ip_families, ElementsAre(base::Family::kIpv4));
  ASSERT_EQ(service.ports.size(), 1u);
  EXPECT_EQ(service.ports[0], (model::ServicePort{"", model::Protocol::kTcp, 80, 0, "80"}));
  EXPECT_EQ(service.internal_traffic_policy, model::TrafficPolicy::kCluster);
  EXPECT_EQ(service.external_traffic_policy, model::TrafficPolicy::kCluster);
  EXPECT_EQ(service.client_ip_affinity_seconds, 0u);
  EXPECT_FALSE(service.headless);
}

TEST(SourcesDecodeService, EveryFieldArrives) {
  auto service = decoded(R"({"type":"LoadBalancer","clusterIPs":["10.96.0.5","fd00::5"],"selector":{"app":"web"},
      "ports":[{"name":"http","port":80,"targetPort":"web","nodePort":30080},{"name":"dns","port":53,"protocol":"UDP","targetPort":5353}],
      "sessionAffinity":"ClientIP","internalTrafficPolicy":"Local","externalTrafficPolicy":"Local","externalIPs":["203.0.113.7"],
      "loadBalancerSourceRanges":["192.0.2.9/24"," fd00:1::/32 "],"healthCheckNodePort":32100,
      "publishNotReadyAddresses":true,"unknown":{"x":1}})",
                         R"({"loadBalancer":{"ingress":[{"ip":"198.51.100.1"},{"ip":"198.51.100.2","ipMode":"Proxy"},{"hostname":"x"}]}})");

  EXPECT_EQ(service.type, model::ServiceType::kLoadBalancer);
  EXPECT_THAT(service.cluster_ips, ElementsAre(ip("10.96.0.5"), ip("fd00::5")));
  EXPECT_THAT(service.ip_families, ElementsAre(base::Family::kIpv4, base::Family::kIpv6));
  EXPECT_EQ(service.ports[0], (model::ServicePort{"http", model::Protocol::kTcp, 80, 30080, "web"}));
  EXPECT_EQ(service.ports[1], (model::ServicePort{"dns", model::Protocol::kUdp, 53, 0, "5353"}));
  EXPECT_EQ(service.selector, (model::Labels{{"app", "web"}}));
  EXPECT_EQ(service.client_ip_affinity_seconds, 10800u);
  EXPECT_EQ(service.internal_traffic_policy, model::TrafficPolicy::kLocal);
  EXPECT_EQ(service.external_traffic_policy, model::TrafficPolicy::kLocal);
  EXPECT_THAT(service.external_ips, ElementsAre(ip("203.0.113.7")));
  EXPECT_THAT(service.load_balancer_ingress, ElementsAre(ip("198.51.100.1")));
  EXPECT_TRUE(service.publish_not_ready_addresses);
  EXPECT_TRUE(service.restricts_sources);
  EXPECT_THAT(base::to_strings(service.source_ranges), ElementsAre("192.0.2.0/24", "fd00:1::/32"));
  EXPECT_EQ(service.health_check_node_port, 32100);
}

// Ranges that cannot be read are no leave for everybody.
TEST(SourcesDecodeService, UnreadableSourceRangesStillRestrict) {
  Warnings warnings;
  auto service = decode_service(
      a_service(R"({"type":"LoadBalancer","clusterIP":"10.96.0.5","ports":[{"port":80}],"loadBalancerSourceRanges":["10.0.0.0/33",7]})"),
      warnings);
  ASSERT_TRUE(service.ok());
  EXPECT_TRUE(service->restricts_sources);
  EXPECT_THAT(service->source_ranges, testing::IsEmpty());
  EXPECT_THAT(warnings.text(), HasSubstr("spec.loadBalancerSourceRanges[0]: \"10.0.0.0/33\" is not a prefix"));
}

TEST(SourcesDecodeService, HeadlessAndExternalNameHaveNoClusterIp) {
  EXPECT_TRUE(decoded(R"({"clusterIP":"None"})").headless);
  EXPECT_TRUE(decoded(R"({"clusterIPs":["None"],"clusterIP":"None"})").headless);
  EXPECT_TRUE(decoded(R"({"type":"ExternalName","clusterIP":"10.96.0.1"})").cluster_ips.empty());
  EXPECT_FALSE(decoded(R"({"clusterIP":"","ports":[{"port":1}]})").headless);
}

TEST(SourcesDecodeService, FamiliesMayWaitForTheirAddress) {
  auto service = decoded(R"({"ipFamilies":["IPv6","IPv4"],"clusterIP":"fd00::1","ports":[{"port":1}]})");

  EXPECT_THAT(service.ip_families, ElementsAre(base::Family::kIpv6, base::Family::kIpv4));
}

TEST(SourcesDecodeService, WhatMakesTheWholeUselessIsNamedByItsPath) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"ports":{}})", "spec.ports: a map is not a list"},
      {R"({"ports":[{"port":70000}]})", "spec.ports: holds no port that can be served"},
      {R"({})", "spec.ports: needs at least one port"},
      {R"([])", "spec: a list is not a map"},
      {R"({"ports":[{"port":1}],"clusterIP":"10.0.0.256"})", "spec.clusterIP: \"10.0.0.256\" is not an IP address"},
      {R"({"ports":[{"port":1}],"clusterIP":"127.0.0.1"})", "spec.clusterIP: \"127.0.0.1\" is not allowed"},
      {R"({"ports":[{"port":1}],"clusterIPs":["224.0.0.1"]})", "spec.clusterIPs: holds no address that can be served"},
  };
  for (const auto& [spec, what] : kCases) EXPECT_THAT(error_of(a_service(spec)), testing::StartsWith(what)) << spec;
}

// One port that is good, and another that is not: the good one is served.
TEST(SourcesDecodeService, OneBadPortIsLeftOutAlone) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"name":"b","port":70000})", "spec.ports[1].port: 70000 is not a port (1 to 65535)"},
      {R"({"name":"b","port":0})", "spec.ports[1].port: 0 is not a port (1 to 65535)"},
      {R"({"name":"b","port":-1})", "spec.ports[1].port: -1 is not a port (1 to 65535)"},
      {R"({"name":"b","port":18446744073709551615})", "spec.ports[1].port: 18446744073709551615 is not a port (1 to 65535)"},
      {R"({"name":"b","port":80.5})", "spec.ports[1].port: 80.5 is not a port (1 to 65535)"},
      {R"({"name":"b","port":"80"})", "spec.ports[1].port: \"80\" is not a port (1 to 65535)"},
      {R"({"name":"b"})", "spec.ports[1].port: is missing"},
      {R"(3)", "spec.ports[1]: 3 is not a map"},
      {R"({"port":2})", "spec.ports[1]: needs a name, as there are several ports"},
      {R"({"name":"","port":9})", "spec.ports[1]: needs a name, as there are several ports"},
      {R"({"name":"b","port":1})", "spec.ports[1]: this port and protocol are there twice"},
      {R"({"name":"A_b","port":2})", "spec.ports[1].name: \"A_b\" is not a name"},
      {R"({"name":"b","port":2,"protocol":"tcp"})", "spec.ports[1].protocol: \"tcp\" is not one of TCP, UDP, SCTP"},
  };
  for (const auto& [port, what] : kCases) {
    Warnings warnings;
    auto service =
        decode_service({{"metadata", {{"name", "web"}}}, {"spec", {{"ports", json::array({{{"port", 1}}, json::parse(port)})}}}}, warnings);
    ASSERT_TRUE(service.ok()) << service.error().text;
    EXPECT_THAT(service->ports, ElementsAre(model::ServicePort{"", model::Protocol::kTcp, 1, 0, "1"})) << port;
    EXPECT_THAT(warnings.text(), AllOf(testing::StartsWith(what), testing::EndsWith("; left out"))) << port;
  }
}

// The row is that of the same object without the odd field.
TEST(SourcesDecodeService, WhatNothingDependsOnOnlyWarns) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"ports":[{"port":1,"targetPort":0}]})", "spec.ports[0].targetPort: 0 is not a port"},
      {R"({"ports":[{"port":1,"targetPort":"80"}]})", "spec.ports[0].targetPort: \"80\" is not the name of a port"},
      {R"({"ports":[{"port":1,"nodePort":30000}]})", "spec.ports[0].nodePort: needs type NodePort or LoadBalancer"},
      {R"({"type":"Cluster"})", "spec.type: \"Cluster\" is not one of ClusterIP, NodePort, LoadBalancer, ExternalName"},
      {R"({"clusterIPs":["10.0.0.1"],"clusterIP":"10.0.0.2"})", "spec.clusterIP: is not the first of spec.clusterIPs"},
      {R"({"clusterIPs":["10.0.0.1","10.0.0.2"]})", "spec.clusterIPs[1]: is the second address of its family; left out"},
      {R"({"clusterIPs":["10.0.0.1","::1"]})", "spec.clusterIPs[1]: \"::1\" is not allowed"},
      {R"({"clusterIPs":["10.0.0.1","None"]})", "spec.clusterIPs[1]: \"None\" is not an IP address; left out"},
      {R"({"ipFamilies":["IPv6"]})", "spec.ipFamilies: does not match spec.clusterIPs"},
      {R"({"ipFamilies":["IPv5"]})", "spec.ipFamilies[0]: \"IPv5\" is not one of IPv4, IPv6"},
      {R"({"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}}})",
       "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is not a number of seconds (1 to 86400)"},
      {R"({"selector":{"app":1}})", "spec.selector.app: 1 is not text: put it in quotes"},
      {R"({"externalIPs":["127.0.0.1","239.1.1.1"]})", "spec.externalIPs[0]: \"127.0.0.1\" is not allowed"},
      {R"({"externalIPs":"203.0.113.1"})", "spec.externalIPs: \"203.0.113.1\" is not a list"},
      {R"({"internalTrafficPolicy":"local"})", "spec.internalTrafficPolicy: \"local\" is not one of Cluster, Local"},
      {R"({"publishNotReadyAddresses":"yes"})", "spec.publishNotReadyAddresses: \"yes\" is not true or false"},
  };
  for (const auto& [odd, what] : kCases) {
    json spec = json::parse(odd);
    if (!spec.contains("ports")) spec["ports"] = {{{"port", 1}}};
    if (!spec.contains("clusterIPs")) spec["clusterIPs"] = {"10.0.0.1"};
    Warnings warnings;
    auto service = decode_service({{"metadata", {{"name", "web"}}}, {"spec", spec}}, warnings);
    ASSERT_TRUE(service.ok()) << odd << service.error().text;
    EXPECT_THAT(warnings.text(), testing::StartsWith(what)) << odd;
    EXPECT_THAT(service->cluster_ips, ElementsAre(ip("10.0.0.1"))) << odd;
    EXPECT_EQ(service->ports.size(), 1u) << odd;
    EXPECT_TRUE(service->external_ips.empty()) << odd;
  }
}

TEST(SourcesDecodeService, AHeadlessServiceStaysOne) {
  Warnings warnings;
  auto service = decode_service(a_service(R"({"clusterIPs":["None","10.0.0.2"]})"), warnings);
  ASSERT_TRUE(service.ok());
  EXPECT_TRUE(service->headless && service->cluster_ips.empty());
  EXPECT_EQ(warnings.text(), "spec.clusterIPs[1]: stands beside None; left out");
}

TEST(SourcesDecodeService, OddAddressesOfABalancerAreLeftOutAlone) {
  Warnings warnings;
  auto service =
      decode_service(a_service(R"({"type":"LoadBalancer","clusterIP":"10.96.000.011","ports":[{"port":80}]})",
                               R"({"loadBalancer":{"ingress":[{"ip":"127.0.0.1"},{"ip":"010.1.2.3"},{"ip":7},{"ipMode":"x"}]}})"),
                     warnings);
  ASSERT_TRUE(service.ok());
  EXPECT_THAT(service->cluster_ips, ElementsAre(ip("10.96.0.11")));
  EXPECT_THAT(service->load_balancer_ingress, ElementsAre(ip("10.1.2.3")));
  EXPECT_THAT(warnings.text(), HasSubstr("status.loadBalancer.ingress[0].ip: \"127.0.0.1\" is not allowed"));
  EXPECT_THAT(warnings.text(), HasSubstr("status.loadBalancer.ingress[3].ipMode: \"x\" is not one of"));
}

TEST(SourcesDecodeService, ManyOddEntriesAreCounted) {
  json spec = {{"clusterIP", "10.0.0.1"}, {"ports", {{{"port", 1}}}}};
  for (int i = 0; i < 10'000; ++i) spec["externalIPs"].push_back("x");
  Warnings warnings;
  ASSERT_TRUE(decode_service({{"metadata", {{"name", "web"}}}, {"spec", spec}}, warnings).ok());
  EXPECT_THAT(warnings.text(), testing::EndsWith("; and 9992 more"));
  EXPECT_LT(warnings.text().size(), 1000u);
}

TEST(SourcesDecodeService, NamesAreChecked) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({})", "metadata.name: nothing is not a name"},
      {R"({"name":"Web"})", "metadata.name: \"Web\" is not a name"},
      {R"({"name":"a.b"})", "metadata.name: \"a.b\" is not a name"},
      {R"({"name":"-a"})", "metadata.name: \"-a\" is not a name"},
      {R"({"name":7})", "metadata.name: 7 is not text"},
      {R"({"name":"a","namespace":"x/y"})", "metadata.namespace: \"x/y\" is not a namespace"},
  };
  for (const auto& [metadata, what] : kCases)
    EXPECT_THAT(error_of({{"metadata", json::parse(metadata)}, {"spec", {{"ports", {{{"port", 1}}}}}}}), testing::StartsWith(what))
        << metadata;
  EXPECT_THAT(error_of({{"metadata", {{"name", std::string(64, 'a')}}}}), HasSubstr("is not a name"));
  EXPECT_THAT(error_of(json(3)), HasSubstr("the object: 3 is not a map"));
}

TEST(SourcesDecodeService, LabelsThatAreNoTextAreLeftOutAlone) {
  json object = a_service(R"({"clusterIP":"10.0.0.1","ports":[{"port":1}]})");
  object["metadata"]["labels"] = {{"a", "b"}, {"k8s.io/x", true}, {"none", nullptr}};
  object["metadata"]["annotations"] = json::array();
  Warnings warnings;
  auto service = decode_service(object, warnings);
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->meta.labels, (model::Labels{{"a", "b"}, {"none", ""}}));
  EXPECT_EQ(warnings.text(),
            "metadata.labels[\"k8s.io/x\"]: true is not text: put it in quotes; metadata.annotations: a list is not a map");
}

TEST(SourcesDecodeService, TheTimeOfCreationIsRead) {
  json object = a_service(R"({"clusterIP":"10.0.0.1","ports":[{"port":1}]})");
  for (const auto& [text, seconds] : {std::pair("1970-01-01T00:00:00Z", 0), std::pair("2026-11-28T18:00:01Z", 1795888801)}) {
    object["metadata"]["creationTimestamp"] = text;
    Warnings warnings;
    EXPECT_EQ(decode_service(object, warnings)->meta.created, seconds);
    EXPECT_TRUE(warnings.empty());
  }
  for (const char* text : {"2026-02-30T00:00:00Z", "2026-11-28", "2026-11-28T25:00:00Z", "yesterday", "2026-11-28T18:00:01Z "}) {
    object["metadata"]["creationTimestamp"] = text;
    Warnings warnings;
    EXPECT_EQ(decode_service(object, warnings)->meta.created, 0);
    EXPECT_THAT(warnings.text(), HasSubstr("is not a time"));
  }
}

}  // namespace
}  // namespace sources::decode
