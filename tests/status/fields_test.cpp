#include "status/fields.h"

#include <gmock/gmock.h>

#include "status/fields_text.h"
#include "support/builders.h"

namespace status {
namespace {

using namespace model;

using List = std::vector<std::string>;

FieldValue field(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  ADD_FAILURE() << "no field " << name;
  return false;
}

TEST(StatusFields, AServicePortIsWrittenWithAllItsNumbers) {
  Service service;
  service.ports = {{"http", Protocol::kTcp, 80, 30080, "8080"}, {"", Protocol::kUdp, 53, 0, "53"}, {"web", Protocol::kTcp, 81, 0, "named"}};

  EXPECT_EQ(field(fields(service), "ports"), FieldValue(List{"http=80:30080/TCP->8080", "53/UDP", "web=81/TCP->named"}));
}

TEST(StatusFields, AHeadlessServiceHasTheAddressNone) {
  Service service;
  service.headless = true;

  EXPECT_EQ(field(fields(service), "cluster_ips"), FieldValue(List{"None"}));
}

TEST(StatusFields, EndpointsAreSortedByWhetherTheyTakeTraffic) {
  auto slice =
      support::a_slice("web", "web-1").endpoint("10.0.0.1").endpoint("10.0.0.2", false, true, true).endpoint("10.0.0.3", false, false).row;
  slice.endpoints[0].node_name = "one";

  EXPECT_EQ(field(fields(slice), "ready"), FieldValue(List{"10.0.0.1@one"}));
  EXPECT_EQ(field(fields(slice), "terminating"), FieldValue(List{"10.0.0.2"}));
  EXPECT_EQ(field(fields(slice), "not_ready"), FieldValue(List{"10.0.0.3"}));
}

TEST(StatusFields, SetsAndFrontendsOfBothFamiliesShowPorts) {
  desired::ServiceSet set{.id = desired::set_id("default/web", 80, Protocol::kTcp, base::Family::kIpv6, desired::Scope::kArrivals),
                          .backends = {{support::ip("10.0.0.1"), 8080}}};
  desired::Frontend frontend{.address = support::ip("fd00::1"), .port = 80, .callers = set.id};

  EXPECT_EQ(field(fields(desired::Row(set)), "backends"), FieldValue(List{"10.0.0.1:8080"}));
  EXPECT_EQ(row_name(set), "default/web:80/TCP/IPv6/arrivals");
  EXPECT_EQ(row_name(frontend), "[fd00::1]:80/TCP");
  EXPECT_EQ(field(fields(desired::Row(frontend)), "callers"), FieldValue(set.id.name()));
  EXPECT_EQ(field(fields(desired::Row(frontend)), "arrivals"), FieldValue(std::string()));
}

TEST(StatusFields, ASetOfWhichOnlyTheHashIsKnownIsTheSetOfThatNameAndOfNoOther) {
  desired::SetId web("default/web:80/TCP/IPv4/callers"), read = desired::SetId::of_hash(web.hash());

  EXPECT_EQ(read, web);
  EXPECT_EQ(read.text().size(), 16u);
  EXPECT_FALSE(read == desired::SetId("default/other:80/TCP/IPv4/callers"));
  EXPECT_FALSE(read == desired::SetId());
  EXPECT_EQ(desired::ServiceSet{.id = read}.key(), desired::ServiceSet{.id = web}.key());
}

TEST(StatusFields, TheKernelsNumbersHaveNames) {
  HostRoute route{*base::parse_cidr("0.0.0.0/0"), support::ip("192.0.2.1"), "eth0", desired::kRouteProtocol, 1, 254, 100};
  HostNeighbor neighbor{support::ip("192.0.2.1"), "eth0", {}, 0x80};

  EXPECT_EQ(field(fields(route), "destination"), FieldValue(std::string("0.0.0.0/0")));
  EXPECT_EQ(field(fields(route), "protocol"), FieldValue(std::string("ichor")));
  EXPECT_EQ(field(fields(route), "table"), FieldValue(std::string("main")));
  EXPECT_EQ(field(fields(neighbor), "state"), FieldValue(List{"permanent"}));
}

TEST(StatusFields, AnUnspecifiedAddressIsWrittenAsNothing) {
  desired::Route route{support::cidr("10.244.1.0/24"), {}, "eth0", {}};

  EXPECT_EQ(field(fields(desired::Row(route)), "gateway"), FieldValue(std::string()));
}

}  // namespace
}  // namespace status
