// Which destinations see pods' own addresses.
#include "plan/unmasqueraded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::desired::Unmasqueraded;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

struct PlanUnmasqueraded : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};
  std::map<std::string, std::vector<model::desired::Row>> rows;  // by owner
  std::set<std::string> replanned;                               // keys of this feature since the last fold
  model::Config config;

  void SetUp() override {
    fold(all_synced());
    fold({a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11"}), a_link("eth0"), an_address("eth0", "192.168.42.11/24")});
  }
  void fold(const std::vector<model::Change>& changes) {
    planning.fold(changes);
    replanned.clear();
    planning.run({}, [&](const model::Owner& owner, auto planned) {
      if (owner.feature == "unmasqueraded") replanned.insert(owner.key);
      rows[owner.text()] = std::move(planned);
    });
  }
  void configure() { fold({model::put(config)}); }
  std::set<std::string> prefixes() const {
    std::set<std::string> found;
    for (const auto& [owner, of_owner] : rows)
      for (const auto& row : of_owner)
        if (const auto* one = std::get_if<Unmasqueraded>(&row)) found.insert(one->key());
    return found;
  }
  std::string reason(const std::string& prefix) const {
    const auto found = rows.find("unmasqueraded " + prefix);
    return found == rows.end() || found->second.empty() ? "" : std::get<Unmasqueraded>(found->second.front()).reason;
  }
};

TEST_F(PlanUnmasqueraded, ArePodsAndNodesOfTheClusterAndWhatIsNeverTheWorld) {
  fold({a_node("n2", {"10.42.2.0/24", "fd00:42:2::/64"}, {"192.168.42.12", "2001:db8::12"})});

  EXPECT_THAT(prefixes(),
              UnorderedElementsAre("224.0.0.0/4", "ff00::/8", "169.254.0.0/16", "fe80::/10", "10.42.1.0/24", "fd00:42:1::/64",
                                   "10.42.2.0/24", "fd00:42:2::/64", "192.168.42.11/32", "192.168.42.12/32", "2001:db8::12/128"));
  EXPECT_EQ(reason("10.42.1.0/24"), "pods of this node");
  EXPECT_EQ(reason("10.42.2.0/24"), "pods of Node n2");
  EXPECT_EQ(reason("192.168.42.11/32"), "this node");
  EXPECT_EQ(reason("192.168.42.12/32"), "Node n2");
}

TEST_F(PlanUnmasqueraded, AMachineOnTheSegmentIsTheWorld) { EXPECT_THAT(prefixes(), Not(Contains("192.168.42.0/24"))); }

TEST_F(PlanUnmasqueraded, AddressesOnLoopbackAreTheNode) {
  fold({an_address("lo", "127.0.0.1/8"), an_address("lo", "192.0.2.7/32"), an_address("ich00112233aabb", "10.8.8.8/32")});

  EXPECT_THAT(prefixes(), Contains("192.0.2.7/32"));
  EXPECT_THAT(prefixes(), AllOf(Not(Contains("127.0.0.1/32")), Not(Contains("10.8.8.8/32"))));
  fold({model::gone<model::Address>("lo 192.0.2.7/32")});
  EXPECT_THAT(prefixes(), Not(Contains("192.0.2.7/32")));
}

TEST_F(PlanUnmasqueraded, ANodeThatClaimsTheWorldIsNotBelieved) {
  fold({a_node("liar", {"0.0.0.0/0", "::/0", "192.168.42.0/24"}, {"0.0.0.0", "::", "224.0.0.1", "127.0.0.1"})});

  EXPECT_THAT(prefixes(), UnorderedElementsAre("224.0.0.0/4", "ff00::/8", "169.254.0.0/16", "fe80::/10", "10.42.1.0/24", "fd00:42:1::/64",
                                               "192.168.42.11/32"));
}

TEST_F(PlanUnmasqueraded, APrefixOfTheSettingsStandsForAllThatLiesInIt) {
  config.ipv4_native_routing_cidr = cidr("10.42.0.0/16");
  config.ipv6_native_routing_cidr = cidr("fd00:42::/32");
  configure();
  fold({a_node("n2", {"10.42.2.0/24", "fd00:42:2::/64"}, {"192.168.42.12"})});

  EXPECT_THAT(prefixes(), UnorderedElementsAre("224.0.0.0/4", "ff00::/8", "169.254.0.0/16", "fe80::/10", "10.42.0.0/16", "fd00:42::/32",
                                               "192.168.42.11/32", "192.168.42.12/32"));
  config = {};
  configure();
  EXPECT_THAT(prefixes(), IsSupersetOf({"10.42.1.0/24", "10.42.2.0/24", "fd00:42:2::/64"}));
  EXPECT_THAT(prefixes(), AllOf(Not(Contains("10.42.0.0/16")), Not(Contains("fd00:42::/32"))));
}

TEST_F(PlanUnmasqueraded, IpMasqAgentWithoutConfigurationLeavesPrivateAddressesAlone) {
  config.ip_masq_agent.enabled = true;
  configure();

  EXPECT_THAT(prefixes(), UnorderedElementsAre("224.0.0.0/4", "ff00::/8", "169.254.0.0/16", "fe80::/10", "10.0.0.0/8", "172.16.0.0/12",
                                               "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
                                               "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "fd00:42:1::/64"));
}

TEST_F(PlanUnmasqueraded, IpMasqAgentsOwnPrefixesTakeTheirPlaceAndLinkLocalIsItsToChoose) {
  config.ipv4_native_routing_cidr = cidr("10.42.0.0/16");
  config.ip_masq_agent = {.enabled = true,
                          .configured = true,
                          .destinations = {{cidr("172.30.0.0/16"), cidr("2001:db8::/32")}, {}},
                          .masquerades_ipv4_local = true,
                          .masquerades_ipv6_local = true};
  configure();

  EXPECT_THAT(prefixes(), UnorderedElementsAre("224.0.0.0/4", "ff00::/8", "10.42.0.0/16", "172.30.0.0/16", "2001:db8::/32",
                                               "fd00:42:1::/64", "192.168.42.11/32"));
  config.ip_masq_agent.enabled = false;
  configure();
  EXPECT_THAT(prefixes(), AllOf(Contains("169.254.0.0/16"), Contains("fe80::/10"), Not(Contains("172.30.0.0/16"))));
}

TEST_F(PlanUnmasqueraded, AnIpv6PrefixHoldsNoIpv4Address) {
  config.ip_masq_agent = {.enabled = true, .configured = true, .destinations = {{cidr("::/0"), cidr("::/8")}, {}}};
  configure();

  for (const auto& text : prefixes()) {
    const auto prefix = cidr(text);
    if (prefix.address.is_v4()) continue;
    bool differs = false;  // from ::ffff:0:0/96 within its length
    for (int bit = 0; bit < prefix.length; ++bit) {
      const uint8_t ours = prefix.address.bytes[bit / 8] >> (7 - bit % 8) & 1, theirs = bit >= 80 && bit < 96;
      differs |= ours != theirs;
    }
    EXPECT_TRUE(differs) << text;
  }
  EXPECT_THAT(prefixes(), IsSupersetOf({"8000::/1", "4000::/2", "2000::/3", "100::/8", "80::/9", "::/81", "::fffe:0:0/96"}));
}

TEST_F(PlanUnmasqueraded, AFamilyThatIsNotMasqueradedNeedsNone) {
  config.ipv4_masquerade = false;
  configure();
  EXPECT_THAT(prefixes(), UnorderedElementsAre("ff00::/8", "fe80::/10", "fd00:42:1::/64"));

  config.ipv6 = false;
  configure();
  EXPECT_THAT(prefixes(), ElementsAre());
}

TEST_F(PlanUnmasqueraded, ANodeThatChangesReplansItsOwnPrefixesAndNoOthers) {
  std::vector<model::Change> nodes;
  for (int i = 0; i < 200; ++i)
    nodes.push_back(a_node("peer" + std::to_string(i), {"10.43." + std::to_string(i) + ".0/24"}, {"192.168.43." + std::to_string(i)}));
  fold(nodes);

  fold({a_node("peer7", {"10.43.7.0/24"}, {"192.168.43.7", "192.168.44.7"})});
  EXPECT_EQ(replanned, (std::set<std::string>{"10.43.7.0/24", "192.168.43.7/32", "192.168.44.7/32"}));
  fold({an_address("eth0", "192.168.42.99/24")});
  EXPECT_EQ(replanned, (std::set<std::string>{"192.168.42.99/32"}));
  fold({model::gone<model::Node>("peer7")});
  EXPECT_THAT(prefixes(), AllOf(Not(Contains("10.43.7.0/24")), Not(Contains("192.168.44.7/32"))));
}

TEST_F(PlanUnmasqueraded, APodCidrIsJudgedAgainWithEveryAddressThatComesToLieInIt) {
  fold({a_node("n2", {"10.42.2.0/24"}, {})});
  ASSERT_THAT(prefixes(), Contains("10.42.2.0/24"));

  fold({an_address("eth0", "10.42.2.9/32")});
  EXPECT_THAT(prefixes(), AllOf(Not(Contains("10.42.2.0/24")), Contains("10.42.2.9/32")));
  fold({model::gone<model::Address>("eth0 10.42.2.9/32")});
  EXPECT_THAT(prefixes(), Contains("10.42.2.0/24"));
  fold({a_route("0.0.0.0/0", "10.42.2.1", "eth0")});
  EXPECT_THAT(prefixes(), Not(Contains("10.42.2.0/24")));
  fold({model::gone<model::HostRoute>("254 0.0.0.0/0 via 10.42.2.1 dev eth0 metric 0")});
  EXPECT_THAT(prefixes(), Contains("10.42.2.0/24"));
  fold({a_service("web").address("10.42.2.77")});
  EXPECT_THAT(prefixes(), Not(Contains("10.42.2.0/24")));
}

}  // namespace
