// Service: what is defaulted, what is refused and how that is said.
#include <gmock/gmock.h>

#include "sources/decode/kinds.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

base::Ip ip(const char* text) { return *base::parse_ip(text); }

json a_service(const char* spec, const char* status = "{}") {
  return {{"metadata", {{"name", "web"}}}, {"spec", json::parse(spec)}, {"status", json::parse(status)}};
}
model::Service decoded(const char* spec, const char* status = "{}") {
  auto service = decode_service(a_service(spec, status));
  EXPECT_TRUE(service.ok()) << service.error().text;
  return service.ok() ? *service : model::Service();
}
std::string error_of(const json& object) {
  auto service = decode_service(object);
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

TEST(SourcesDecodeService, WhatIsWrongIsNamedByItsPath) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"ports":[{"name":"a","port":80},{"name":"b","port":70000}]})", "spec.ports[1].port: 70000 is not a port (1 to 65535)"},
      {R"({"ports":[{"port":0}]})", "spec.ports[0].port: 0 is not a port (1 to 65535)"},
      {R"({"ports":[{"port":-1}]})", "spec.ports[0].port: -1 is not a port (1 to 65535)"},
      {R"({"ports":[{"port":18446744073709551615}]})", "spec.ports[0].port: 18446744073709551615 is not a port (1 to 65535)"},
      {R"({"ports":[{"port":80.5}]})", "spec.ports[0].port: 80.5 is not a port (1 to 65535)"},
      {R"({"ports":[{"port":"80"}]})", "spec.ports[0].port: \"80\" is not a port (1 to 65535)"},
      {R"({"ports":[{}]})", "spec.ports[0].port: is missing"},
      {R"({"ports":[3]})", "spec.ports[0]: 3 is not a map"},
      {R"({"ports":{}})", "spec.ports: a map is not a list"},
      {R"({})", "spec.ports: needs at least one port"},
      {R"([])", "spec: a list is not a map"},
      {R"({"ports":[{"port":1},{"port":2}]})", "spec.ports[0]: needs a name, as there are several ports"},
      {R"({"ports":[{"name":"a","port":1},{"name":"a","port":2}]})", "spec.ports[1]: name \"a\" is there twice"},
      {R"({"ports":[{"name":"a","port":1},{"name":"b","port":1}]})", "spec.ports[1]: this port and protocol are there twice"},
      {R"({"ports":[{"name":"A_b","port":1}]})", "spec.ports[0].name: \"A_b\" is not a name"},
      {R"({"ports":[{"port":1,"protocol":"tcp"}]})", "spec.ports[0].protocol: \"tcp\" is not one of TCP, UDP, SCTP"},
      {R"({"ports":[{"port":1,"targetPort":0}]})", "spec.ports[0].targetPort: 0 is not a port"},
      {R"({"ports":[{"port":1,"targetPort":"80"}]})", "spec.ports[0].targetPort: \"80\" is not the name of a port"},
      {R"({"ports":[{"port":1,"nodePort":30000}]})", "spec.ports[0]: nodePort needs type NodePort or LoadBalancer"},
      {R"({"type":"Cluster"})", "spec.type: \"Cluster\" is not one of ClusterIP, NodePort, LoadBalancer, ExternalName"},
      {R"({"clusterIP":"10.0.0.01"})", "spec.clusterIP: \"10.0.0.01\" is not an IP address"},
      {R"({"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.2"]})", "spec.clusterIP: is not the first of spec.clusterIPs"},
      {R"({"clusterIPs":["10.0.0.1","10.0.0.2"]})", "spec.clusterIPs: takes at most one of each family"},
      {R"({"clusterIPs":["None","10.0.0.2"]})", "spec.clusterIPs: takes None alone or addresses"},
      {R"({"clusterIP":"10.0.0.1","ipFamilies":["IPv6"]})", "spec.ipFamilies: does not match spec.clusterIPs"},
      {R"({"ipFamilies":["IPv5"]})", "spec.ipFamilies[0]: \"IPv5\" is not one of IPv4, IPv6"},
      {R"({"ports":[{"port":1}],"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}}})",
       "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is not a number of seconds (1 to 86400)"},
      {R"({"ports":[{"port":1}],"selector":{"app":1}})", "spec.selector.app: 1 is not text: put it in quotes"},
      {R"({"ports":[{"port":1}],"externalIPs":["127.0.0.1"]})", "spec.externalIPs[0]: \"127.0.0.1\" is not allowed"},
      {R"({"ports":[{"port":1}],"internalTrafficPolicy":"local"})", "spec.internalTrafficPolicy: \"local\" is not one of Cluster, Local"},
      {R"({"ports":[{"port":1}],"publishNotReadyAddresses":"yes"})", "spec.publishNotReadyAddresses: \"yes\" is not true or false"},
  };
  for (const auto& [spec, what] : kCases) EXPECT_THAT(error_of(a_service(spec)), testing::StartsWith(what)) << spec;
}

TEST(SourcesDecodeService, NamesAreChecked) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({})", "metadata.name: nothing is not a name"},
      {R"({"name":"Web"})", "metadata.name: \"Web\" is not a name"},
      {R"({"name":"a.b"})", "metadata.name: \"a.b\" is not a name"},
      {R"({"name":"-a"})", "metadata.name: \"-a\" is not a name"},
      {R"({"name":7})", "metadata.name: 7 is not text"},
      {R"({"name":"a","namespace":"x/y"})", "metadata.namespace: \"x/y\" is not a namespace"},
      {R"({"name":"a","labels":{"k8s.io/x":true}})", "metadata.labels[\"k8s.io/x\"]: true is not text"},
      {R"({"name":"a","labels":[]})", "metadata.labels: a list is not a map"},
  };
  for (const auto& [metadata, what] : kCases)
    EXPECT_THAT(error_of({{"metadata", json::parse(metadata)}, {"spec", {{"ports", {{{"port", 1}}}}}}}), testing::StartsWith(what))
        << metadata;
  EXPECT_THAT(error_of({{"metadata", {{"name", std::string(64, 'a')}}}}), HasSubstr("is not a name"));
  EXPECT_THAT(error_of(json(3)), HasSubstr("the object: 3 is not a map"));
}

}  // namespace
}  // namespace sources::decode
