// With which address of the node pods' packets leave by an uplink.
#include "plan/masquerade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::Address;
using model::HostRoute;
using model::desired::MasqueradeSource;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint8_t kLinkScope = 253, kHostScope = 254;  // RT_SCOPE_*

model::Change with(const std::string& link, const std::string& text, const Address& like) {
  Address address = like;
  address.link = link;
  address.cidr = cidr(text);
  return model::put(link + " " + text, address);
}
model::Change default_route(const std::string& link, const std::string& gateway, uint32_t metric = 0, const std::string& source = "") {
  HostRoute route{cidr(ip(gateway).is_v4() ? "0.0.0.0/0" : "::/0"), ip(gateway), link, 4, 1, model::kMainTable, metric};
  if (!source.empty()) route.source = ip(source);
  return model::put("default " + link + " " + gateway, route);
}

struct PlanMasquerade : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};
  model::Planned planned;
  model::Config config;

  void SetUp() override {
    fold(all_synced());
    fold({a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11"}), a_link("eth0"), default_route("eth0", "192.168.42.1")});
  }
  void fold(const std::vector<model::Change>& changes) {
    planning.fold(changes);
    planned = plan::masquerade::plan("node", planning.snapshot());
  }
  void configure() { fold({model::put(config)}); }
  // With which pods reach the world; or with which Services alone reach their backends elsewhere.
  std::vector<std::string> sources(bool for_pods = true) const {
    std::vector<std::string> texts;
    for (const auto& row : planned.rows) {
      const auto& source = std::get<MasqueradeSource>(row);
      if (source.for_pods == for_pods) texts.push_back(source.key() + " " + base::to_string(source.address));
    }
    return texts;
  }
};

TEST_F(PlanMasquerade, ThePreferredSourceOfTheDefaultRouteGoesBeforeAll) {
  fold({an_address("eth0", "192.168.42.11/24"), an_address("lo", "203.0.113.9/32"),
        default_route("eth0", "192.168.42.1", 0, "203.0.113.9")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 203.0.113.9"));

  fold({default_route("eth0", "192.168.42.2", 100, "192.168.42.11")});  // one that the kernel asks later
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 203.0.113.9"));
}

TEST_F(PlanMasquerade, TheAddressOnTheGatewaysSubnetGoesBeforeOthers) {
  fold({an_address("eth0", "10.0.0.5/24"), an_address("eth0", "192.168.42.200/24"), with("eth0", "192.168.42.3/24", {.secondary = true}),
        an_address("eth0", "192.168.42.5/32")});

  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.200"));
}

TEST_F(PlanMasquerade, OfEqualOnesTheNodesInternalIpIsTaken) {
  fold({an_address("eth0", "192.168.42.10/24"), an_address("eth0", "192.168.42.11/24"), an_address("eth0", "192.168.42.12/24")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11"));

  fold({a_node("n1", {"10.42.1.0/24"}, {})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.10"));
}

TEST_F(PlanMasquerade, OfIpv6WhatReachesTheWorldGoesBeforeUniqueLocalTemporaryAndDeprecatedOnes) {
  fold({a_node("n1", {"fd00:42:1::/64"}, {"fd00:42::11"}), default_route("eth0", "fe80::1"), an_address("eth0", "fd00:42::11/64"),
        with("eth0", "fe80::5/64", {.scope = kLinkScope})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv6 fd00:42::11"));

  fold({with("eth0", "2001:db8::1/64", {.unusable = true})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv6 fd00:42::11"));
  fold({with("eth0", "2001:db8::2/64", {.deprecated = true})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv6 fd00:42::11"));
  fold({with("eth0", "2001:db8::3/64", {.secondary = true})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv6 2001:db8::3"));
  fold({with("eth0", "2001:db8::4/64", {})});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv6 2001:db8::4"));
}

TEST_F(PlanMasquerade, WithoutAnAddressOnTheUplinkTheNodesOnLoopbackIsTaken) {
  model::Link lo;
  lo.name = "lo";
  lo.loopback = true;
  fold({model::put("lo", lo), with("lo", "127.0.0.1/8", {.scope = kHostScope}), an_address("lo", "192.0.2.7/32"),
        an_address("docker0", "172.17.0.1/16")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.0.2.7"));

  fold({model::gone<Address>("lo 192.0.2.7/32"), an_address("dummy0", "192.168.42.11/32")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11"));  // the InternalIP, wherever it stands
}

TEST_F(PlanMasquerade, AFamilyWithoutAnAddressIsAProblemOnlyWherePodsWouldLeaveByIt) {
  EXPECT_THAT(planned.rows, IsEmpty());
  ASSERT_EQ(planned.problems.size(), 1u);
  EXPECT_EQ(planned.problems[0].subject, "link eth0");
  EXPECT_THAT(planned.problems[0].text, HasSubstr("it has no IPv4 address"));

  fold({an_address("eth0", "192.168.42.11/24")});  // no default route of IPv6
  EXPECT_THAT(planned.problems, IsEmpty());
  fold({default_route("eth0", "fe80::1")});
  ASSERT_EQ(planned.problems.size(), 1u);
  EXPECT_THAT(planned.problems[0].text, HasSubstr("it has no IPv6 address"));
  fold({a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"})});  // no pods of IPv6
  EXPECT_THAT(planned.problems, IsEmpty());
}

TEST_F(PlanMasquerade, EachFamilyIsSwitchedOffAlone) {
  fold({an_address("eth0", "192.168.42.11/24"), an_address("eth0", "2001:db8::1/64"), default_route("eth0", "fe80::1")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11", "eth0/IPv6 2001:db8::1"));

  config.ipv6_masquerade = false;
  configure();
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11"));
  config.ipv4_masquerade = false;
  configure();
  EXPECT_THAT(sources(), IsEmpty());
  EXPECT_THAT(sources(false), ElementsAre("eth0/IPv4 192.168.42.11", "eth0/IPv6 2001:db8::1")) << "Services go on";
  EXPECT_THAT(planned.problems, IsEmpty());
}

TEST_F(PlanMasquerade, InterfacesChooseAmongTheUplinks) {
  fold({an_address("eth0", "192.168.42.11/24"), a_link("wan1"), an_address("wan1", "198.51.100.1/24"),
        default_route("wan1", "198.51.100.9", 9), a_link("lan0"), an_address("lan0", "10.9.0.1/24")});
  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11", "wan1/IPv4 198.51.100.1"));

  config.egress_masquerade_interfaces = {"wan+", "lan0"};
  configure();
  EXPECT_THAT(sources(), ElementsAre("wan1/IPv4 198.51.100.1"));
  EXPECT_THAT(planned.notes, ElementsAre(HasSubstr("lan0 is no uplink")));
  EXPECT_THAT(planned.problems, IsEmpty());

  config.egress_masquerade_interfaces = {"lan0"};
  configure();
  EXPECT_THAT(sources(), IsEmpty());
  ASSERT_EQ(planned.problems.size(), 1u);
  EXPECT_THAT(planned.problems[0].text, HasSubstr("uplinks are eth0, wan1"));
}

TEST_F(PlanMasquerade, ALinkWithoutEthernetHeaderTranslatesNothingAndSaysSo) {
  model::Link tunnel;
  tunnel.name = "wg0";
  tunnel.type = 0xfffe;  // ARPHRD_NONE
  fold({an_address("eth0", "192.168.42.11/24"), model::put("wg0", tunnel), an_address("wg0", "10.9.0.1/24"),
        default_route("wg0", "10.9.0.2", 1)});

  EXPECT_THAT(sources(), ElementsAre("eth0/IPv4 192.168.42.11"));
  ASSERT_EQ(planned.problems.size(), 1u);
  EXPECT_EQ(planned.problems[0].subject, "link wg0");
}

TEST_F(PlanMasquerade, WhatIsNoPrefixIsAProblemOfItsOwn) {
  config.ip_masq_agent = {.enabled = true, .configured = true, .destinations = {{cidr("10.0.0.0/8")}, {"10.0.0.0/33", "x\n"}}};
  configure();

  ASSERT_GE(planned.problems.size(), 2u);
  EXPECT_EQ(planned.problems[0].text, "\"10.0.0.0/33\" is not a prefix; it is left out");
  EXPECT_EQ(planned.problems[1].text, "\"x?\" is not a prefix; it is left out");
}

}  // namespace
