// EndpointSlice, Node, Pod and Namespace, and telling the objects of one file apart.
#include <gmock/gmock.h>

#include "sources/decode/kinds.h"
#include "sources/decode/objects.h"
#include "support/builders.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using support::cidr;
using support::ip;
using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;

json a_slice(const char* rest) {
  json slice = json::parse(rest);
  slice["metadata"] = {{"name", "web-1"}, {"namespace", "shop"}, {"labels", {{"kubernetes.io/service-name", "web"}}}};
  if (!slice.contains("addressType")) slice["addressType"] = "IPv4";
  return slice;
}

TEST(SourcesDecodeEndpointSlice, ConditionsAndProtocolsAreDefaulted) {
  auto slice = decode_endpoint_slice(a_slice(R"({"ports":[{"port":80},{"name":"none"},{"name":"dns","protocol":"UDP","port":53}],
      "endpoints":[{"addresses":["10.1.0.1","10.1.0.9"]},
                   {"addresses":["10.1.0.2"],"conditions":{"ready":false,"serving":null,"terminating":true},"nodeName":"n1","zone":"z",
                    "targetRef":{"kind":"Pod","name":"web-0"},"hints":{"forZones":[{"name":"z"}],"forNodes":[{"name":"n1"}]}}]})"));

  ASSERT_TRUE(slice.ok()) << slice.error().text;
  const model::EndpointSlice& row = **slice;
  EXPECT_EQ(row.meta.key(), "shop/web-1");
  EXPECT_EQ(row.service, "shop/web");
  EXPECT_THAT(row.ports,
              ElementsAre(model::EndpointPort{"", model::Protocol::kTcp, 80}, model::EndpointPort{"dns", model::Protocol::kUdp, 53}));
  EXPECT_THAT(row.endpoints, ElementsAre(model::Endpoint{ip("10.1.0.1"), true, true, false, "", "", {}, {}, ""},
                                         model::Endpoint{ip("10.1.0.2"), false, true, true, "n1", "z", {"z"}, {"n1"}, "Pod shop/web-0"}));
}

TEST(SourcesDecodeEndpointSlice, FqdnSlicesHaveNoRow) {
  auto slice = decode_endpoint_slice(a_slice(R"({"addressType":"FQDN","endpoints":[{"addresses":["example.com"]}]})"));

  ASSERT_TRUE(slice.ok());
  EXPECT_FALSE(slice->has_value());
}

TEST(SourcesDecodeEndpointSlice, WhatIsWrongIsNamedByItsPath) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"addressType":"ipv4"})", "addressType: \"ipv4\" is not one of"},
      {R"({"addressType":null})", "addressType: is missing"},
      {R"({"endpoints":[{"addresses":["10.0.0.1"]},{"addresses":["fd00::1"]}]})",
       "endpoints[1].addresses[0]: \"fd00::1\" is not an IPv4 address"},
      {R"({"addressType":"IPv6","endpoints":[{"addresses":["10.0.0.1"]}]})",
       "endpoints[0].addresses[0]: \"10.0.0.1\" is not an IPv6 address"},
      {R"({"endpoints":[{"addresses":["010.0.0.1"]}]})", "endpoints[0].addresses[0]: \"010.0.0.1\" is not an IP address"},
      {R"({"endpoints":[{"addresses":[null]}]})", "endpoints[0].addresses[0]: nothing is not an IP address"},
      {R"({"endpoints":[{"addresses":["169.254.1.1"]}]})", "endpoints[0].addresses[0]: \"169.254.1.1\" is not allowed"},
      {R"({"endpoints":[{"addresses":[]}]})", "endpoints[0].addresses: needs an address"},
      {R"({"endpoints":[{}]})", "endpoints[0].addresses: needs an address"},
      {R"({"endpoints":"x"})", "endpoints: \"x\" is not a list"},
      {R"({"ports":[{"port":65536}]})", "ports[0].port: 65536 is not a port (0 to 65535)"},
      {R"({"endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":"true"}}]})",
       "endpoints[0].conditions.ready: \"true\" is not true or false"},
  };
  for (const auto& [rest, what] : kCases) {
    auto slice = decode_endpoint_slice(a_slice(rest));
    EXPECT_THAT(slice.ok() ? "" : slice.error().text, StartsWith(what)) << rest;
  }
}

TEST(SourcesDecodeNode, PrefixesAndAddressesAreRead) {
  auto node = decode_node(json::parse(R"({"metadata":{"name":"n1.example","deletionTimestamp":"2026-01-01T00:00:00Z"},
      "spec":{"podCIDR":"10.244.1.7/24","podCIDRs":["10.244.1.7/24","fd00:1::/64"],"taints":[{"key":"a","effect":"NoSchedule"}]},
      "status":{"addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"192.0.2.1"},
                             {"type":"ExternalIP","address":"2001:db8::1"}],
                "conditions":[{"type":"Ready","status":"False"},{"type":"NetworkUnavailable","status":"True"}]}})"));

  ASSERT_TRUE(node.ok()) << node.error().text;
  EXPECT_EQ(node->meta.key(), "n1.example");
  EXPECT_THAT(node->pod_cidrs, ElementsAre(cidr("10.244.1.0/24"), cidr("fd00:1::/64")));
  EXPECT_THAT(node->internal_ips, ElementsAre(ip("192.0.2.1")));
  EXPECT_THAT(node->external_ips, ElementsAre(ip("2001:db8::1")));
  EXPECT_THAT(node->taint_keys, ElementsAre("a"));
  EXPECT_TRUE(node->being_deleted);
  EXPECT_TRUE(node->network_unavailable);
}

TEST(SourcesDecodeNode, ThePodCidrAloneIsEnoughAndContradictionsAreRefused) {
  auto alone = decode_node(json::parse(R"({"metadata":{"name":"n"},"spec":{"podCIDR":"10.1.0.0/24"}})"));
  ASSERT_TRUE(alone.ok());
  EXPECT_THAT(alone->pod_cidrs, ElementsAre(cidr("10.1.0.0/24")));
  EXPECT_FALSE(alone->network_unavailable);

  const std::pair<const char*, const char*> kCases[] = {
      {R"({"podCIDR":"10.1.0.0/24","podCIDRs":["10.2.0.0/24"]})", "spec.podCIDR: is not the first"},
      {R"({"podCIDRs":["10.1.0.0/24","10.2.0.0/24"]})", "spec.podCIDRs[1]: is the second prefix of its family"},
      {R"({"podCIDRs":["10.1.0.0/33"]})", "spec.podCIDRs[0]: \"10.1.0.0/33\" is not a prefix"},
  };
  for (const auto& [spec, what] : kCases) {
    auto node = decode_node({{"metadata", {{"name", "n"}}}, {"spec", json::parse(spec)}});
    EXPECT_THAT(node.ok() ? "" : node.error().text, StartsWith(what)) << spec;
  }
  EXPECT_FALSE(decode_node(json::parse(R"({"metadata":{"name":"n","namespace":"default"}})")).ok());
}

TEST(SourcesDecodePod, AddressesComeFromPodIpsOrPodIp) {
  auto pod = decode_pod(json::parse(R"({"metadata":{"name":"p","namespace":"a"},"spec":{"nodeName":"n","hostNetwork":true},
      "status":{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}]}})"));
  ASSERT_TRUE(pod.ok()) << pod.error().text;
  EXPECT_EQ(*pod, (model::Pod{pod->meta, "n", true, "Running", {ip("10.0.0.1"), ip("fd00::1")}}));
  EXPECT_EQ(pod->meta.key(), "a/p");

  auto fresh = decode_pod(json::parse(R"({"metadata":{"name":"p"},"status":{"podIP":"10.0.0.1"}})"));
  ASSERT_TRUE(fresh.ok());
  EXPECT_EQ(fresh->phase, "Pending");
  EXPECT_THAT(fresh->ips, ElementsAre(ip("10.0.0.1")));
}

constexpr const char* kService =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n";

TEST(SourcesDecodeObjects, DocumentsListsAndTypedListsAreTakenApart) {
  std::string text = std::string(kService) +
                     "---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n"
                     "- {apiVersion: v1, kind: NodeList, items: [{metadata: {name: n1}}]}\n"
                     "---\napiVersion: apps/v1\nkind: DeploymentList\nitems: [{}, {}]\n"
                     "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s}\naddressType: FQDN\n";

  auto contents = decode_objects("a.yaml", text);

  std::vector<std::string> found;
  for (const auto& object : contents.objects) found.push_back(object.position + " " + to_string(object.id));
  EXPECT_THAT(found, ElementsAre("a.yaml#1 Service default/web", "a.yaml#2 items[0] Namespace shop", "a.yaml#2 items[1].items[0] Node n1"));
  EXPECT_TRUE(contents.broken.empty());
  EXPECT_THAT(contents.unread, ElementsAre(Pair("apps/v1 Deployment", 2), Pair("discovery.k8s.io/v1 EndpointSlice (FQDN)", 1)));
  EXPECT_EQ(std::get<0>(contents.objects[0].row)->meta.origin, "a.yaml#1");
}

TEST(SourcesDecodeObjects, ABrokenObjectIsToldApartFromItsNeighbours) {
  std::string text = std::string(kService) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\n---\nkind: Service\n---\n- 1\n";

  auto contents = decode_objects("a.yaml", text);

  ASSERT_EQ(contents.objects.size(), 1u);
  ASSERT_EQ(contents.broken.size(), 3u);
  EXPECT_EQ(contents.broken[0].id, (ObjectId{0, "default/bad"}));
  EXPECT_EQ(contents.broken[0].position, "a.yaml#2");
  EXPECT_EQ(contents.broken[0].text, "spec.ports: needs at least one port");
  EXPECT_EQ(contents.broken[1].id, std::nullopt);
  EXPECT_THAT(contents.broken[1].text, StartsWith("apiVersion: "));
  EXPECT_EQ(contents.broken[2].text, "is not an object with apiVersion and kind");
}

TEST(SourcesDecodeObjects, TooManyObjectsAreRefusedWhole) {
  std::string text = R"({"apiVersion":"v1","kind":"NamespaceList","items":[{})";
  for (int i = 0; i < 100'000; ++i) text += ",{}";

  auto contents = decode_objects("a.json", text + "]}");

  EXPECT_TRUE(contents.objects.empty());
  ASSERT_EQ(contents.broken.size(), 1u);
  EXPECT_EQ(contents.broken[0].text, "more than 100000 objects");
}

}  // namespace
}  // namespace sources::decode
