// EndpointSlice, Node, Pod and Namespace, and telling the objects of one file apart.
#include <gmock/gmock.h>

#include "sources/decode/kinds.h"
#include "sources/decode/objects.h"

namespace sources::decode {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;

base::Ip ip(const char* text) { return *base::parse_ip(text); }
base::Cidr cidr(const char* text) { return *base::parse_cidr(text); }

auto decode_endpoint_slice(const json& object, Warnings& warnings) {
  return sources::decode::decode_endpoint_slice(to_tree(object)->root(), warnings);
}
auto decode_node(const json& object, Warnings& warnings) { return sources::decode::decode_node(to_tree(object)->root(), warnings); }

// Without warnings.
template <class Row>
Row whole(Row (*decode)(const Value&, Warnings&), const json& object) {
  Warnings warnings;
  auto row = decode(to_tree(object)->root(), warnings);
  EXPECT_EQ(warnings.text(), "") << object;
  return row;
}
auto decode_endpoint_slice(const json& object) { return whole(sources::decode::decode_endpoint_slice, object); }
auto decode_node(const json& object) { return whole(sources::decode::decode_node, object); }
auto decode_pod(const json& object) { return whole(sources::decode::decode_pod, object); }

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

TEST(SourcesDecodeEndpointSlice, WhatMakesTheWholeUselessIsNamedByItsPath) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"addressType":"ipv4"})", "addressType: \"ipv4\" is not one of"},
      {R"({"addressType":null})", "addressType: is missing"},
      {R"({"endpoints":"x"})", "endpoints: \"x\" is not a list"},
  };
  for (const auto& [rest, what] : kCases) {
    auto slice = decode_endpoint_slice(a_slice(rest));
    EXPECT_THAT(slice.ok() ? "" : slice.error().text, StartsWith(what)) << rest;
  }
}

// Beside a good endpoint, whose address Kubernetes reads as 10.0.0.6, and a good port.
TEST(SourcesDecodeEndpointSlice, OneBadEntryIsLeftOutAlone) {
  const std::pair<const char*, const char*> kEndpoints[] = {
      {R"({"addresses":["fd00::1"]})", "endpoints[1].addresses[0]: \"fd00::1\" is not an IPv4 address"},
      {R"({"addresses":["10.0.0.256"]})", "endpoints[1].addresses[0]: \"10.0.0.256\" is not an IP address"},
      {R"({"addresses":["169.254.1.1"]})", "endpoints[1].addresses[0]: \"169.254.1.1\" is not allowed"},
      {R"({"addresses":[null]})", "endpoints[1].addresses: needs an address"},
      {R"({"addresses":[]})", "endpoints[1].addresses: needs an address"},
      {R"({})", "endpoints[1].addresses: needs an address"},
      {R"(7)", "endpoints[1]: 7 is not a map"},
      {R"({"addresses":["10.0.0.1"],"conditions":{"ready":"true"}})", "endpoints[1].conditions.ready: \"true\" is not true or false"},
      {R"({"addresses":["10.0.0.1"],"nodeName":7})", "endpoints[1].nodeName: 7 is not text"},
  };
  for (const auto& [endpoint, what] : kEndpoints) {
    json object = a_slice(R"({"endpoints":[{"addresses":["10.0.00.006"]}],"ports":[{"port":80},{"port":65536}]})");
    object["endpoints"].push_back(json::parse(endpoint));
    Warnings warnings;
    auto slice = decode_endpoint_slice(object, warnings);
    ASSERT_TRUE(slice.ok()) << slice.error().text;
    ASSERT_EQ((*slice)->endpoints.size(), 1u) << endpoint;
    EXPECT_EQ((*slice)->endpoints[0].address, ip("10.0.0.6"));
    EXPECT_EQ((*slice)->ports.size(), 1u);
    EXPECT_THAT(warnings.text(), StartsWith("ports[1].port: 65536 is not a port (0 to 65535); left out; " + std::string(what))) << endpoint;
  }
}

TEST(SourcesDecodeEndpointSlice, WhatOnlyHelpsToChooseAmongEndpointsCostsNone) {
  Warnings warnings;
  auto slice =
      decode_endpoint_slice(a_slice(R"({"endpoints":[{"addresses":["10.0.0.1"],"zone":7,"hints":[1],"targetRef":"x"}]})"), warnings);
  ASSERT_TRUE(slice.ok()) << slice.error().text;
  EXPECT_EQ((*slice)->endpoints.size(), 1u);
  EXPECT_THAT(warnings.text(), testing::HasSubstr("endpoints[0].zone: 7 is not text"));
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

TEST(SourcesDecodeNode, ThePodCidrAloneIsEnough) {
  auto alone = decode_node(json::parse(R"({"metadata":{"name":"n"},"spec":{"podCIDR":"10.1.0.0/24"}})"));
  ASSERT_TRUE(alone.ok());
  EXPECT_THAT(alone->pod_cidrs, ElementsAre(cidr("10.1.0.0/24")));
  EXPECT_FALSE(alone->network_unavailable || alone->ready);
  EXPECT_FALSE(decode_node(json::parse(R"({"metadata":{"name":"n","namespace":"default"}})")).ok());
}

TEST(SourcesDecodeNode, OneBadEntryIsLeftOutAlone) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"spec":{"podCIDR":"10.1.0.0/24","podCIDRs":["10.2.0.0/24"]}})", "spec.podCIDR: is not the first"},
      {R"({"spec":{"podCIDRs":["10.2.0.0/24","10.3.0.0/24"]}})", "spec.podCIDRs[1]: is the second prefix of its family"},
      {R"({"spec":{"podCIDRs":["10.1.0.0/33","010.2.0.0/24"]}})", "spec.podCIDRs[0]: \"10.1.0.0/33\" is not a prefix"},
      {R"({"spec":{"podCIDRs":["10.2.0.0/24"]},"status":{"addresses":[{"type":"InternalIP","address":"x"}]}})",
       "status.addresses[0].address: \"x\" is not an IP address"},
      {R"({"spec":{"podCIDRs":["10.2.0.0/24"],"taints":7},"status":{"conditions":"x"}})", "status.conditions: \"x\" is not a list"},
  };
  for (const auto& [rest, what] : kCases) {
    json object = json::parse(rest);
    object["metadata"]["name"] = "n";
    object["status"]["addresses"].push_back({{"type", "InternalIP"}, {"address", "192.0.2.1"}});
    if (!object["status"].contains("conditions")) object["status"]["conditions"] = {{{"type", "Ready"}, {"status", "True"}}};
    Warnings warnings;
    auto node = decode_node(object, warnings);
    ASSERT_TRUE(node.ok()) << node.error().text;
    EXPECT_THAT(warnings.text(), StartsWith(what)) << rest;
    EXPECT_THAT(node->pod_cidrs, ElementsAre(cidr("10.2.0.0/24"))) << rest;
    EXPECT_THAT(node->internal_ips, ElementsAre(ip("192.0.2.1"))) << rest;
    EXPECT_EQ(node->ready, object["status"]["conditions"].is_array());
  }
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

TEST(SourcesDecodeObjects, WhatIsLeftOutOfAnObjectComesWithIt) {
  auto contents = decode_objects("a.yaml",
                                 "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
                                 "spec: {clusterIP: 10.96.0.1, ports: [{port: 80}], externalIPs: [239.1.1.1]}\n");
  ASSERT_EQ(contents.objects.size(), 1u);
  EXPECT_THAT(contents.objects[0].left_out, StartsWith("spec.externalIPs[0]: \"239.1.1.1\" is not allowed"));
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
