// At which addresses NodePorts are called.
#include "plan/node_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::desired::Frontend;
using model::desired::NodeAddress;
using testing::ElementsAre;
using testing::IsEmpty;

model::Change on_link(const std::string& link, const std::string& text, uint8_t scope) {
  return model::put(link + " " + text, model::Address{link, cidr(text), scope});
}
constexpr uint8_t kHostScope = 254, kLinkScope = 253;  // RT_SCOPE_*

struct PlanNodeAddresses : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};
  std::map<std::string, std::vector<model::desired::Row>> rows;  // by owner
  size_t planned_rows = 0;                                       // since the last fold

  void SetUp() override {
    fold(all_synced());
    fold({a_node("n1", {"10.42.1.0/24"}, {"192.168.42.11"}), a_link("eth0"), an_address("eth0", "192.168.42.11/24")});
  }
  void fold(const std::vector<model::Change>& changes) {
    planning.fold(changes);
    planned_rows = 0;
    planning.run({}, [&](const model::Owner& owner, auto planned) {
      planned_rows += planned.size();
      rows[owner.text()] = std::move(planned);
    });
  }
  void choose(const std::vector<std::string>& prefixes) {
    model::Config config;
    for (const auto& text : prefixes) config.node_port_addresses.push_back(cidr(text));
    fold({model::put(config)});
  }
  template <class Row>
  std::vector<Row> all() const {
    std::vector<Row> found;
    for (const auto& [owner, of_owner] : rows)
      for (const auto& row : of_owner)
        if (const auto* one = std::get_if<Row>(&row)) found.push_back(*one);
    return found;
  }
  // Each with a word on it, in the order of their texts.
  std::vector<std::string> addresses() const {
    std::vector<std::string> texts;
    for (const auto& row : all<NodeAddress>()) texts.push_back(row.key() + (row.peer ? " peer" : "") + (row.host_only ? " host only" : ""));
    return texts;
  }
};

TEST_F(PlanNodeAddresses, N1AndN2AllGlobalAddressesOfTheNodeAnswerAndOfLoopbackIpv4Alone) {
  fold({on_link("lo", "127.0.0.1/8", kHostScope), on_link("lo", "::1/128", kHostScope), on_link("eth0", "fe80::1/64", kLinkScope),
        on_link("eth0", "fd00:42::11/64", 0), on_link("eth1", "10.9.0.1/24", 0), on_link("eth1", "169.254.7.7/16", 0),
        on_link("ich00112233aabb", "10.8.8.8/32", 0)});

  EXPECT_THAT(addresses(), ElementsAre("10.9.0.1", "127.0.0.1 host only", "192.168.42.11", "fd00:42::11"));
  fold({model::gone<model::Address>("eth1 10.9.0.1/24")});
  EXPECT_THAT(addresses(), ElementsAre("127.0.0.1 host only", "192.168.42.11", "fd00:42::11"));
}

TEST_F(PlanNodeAddresses, N1ExternalIpsAnswerToo) {
  auto node = [](const std::string& name, const std::string& internal, const std::string& external) {
    model::Node row;
    row.meta.name = name;
    row.internal_ips = {ip(internal)}, row.external_ips = {ip(external)};
    return model::put(name, row);
  };
  fold({node("n1", "192.168.42.11", "203.0.113.11"), node("n2", "192.168.42.12", "203.0.113.12")});

  EXPECT_THAT(addresses(), ElementsAre("192.168.42.11", "192.168.42.12 peer", "203.0.113.11", "203.0.113.12 peer"));
}

TEST_F(PlanNodeAddresses, WhatNoMachineOnAWireHasIsNoPeersAddress) {
  fold({a_node("n2", {}, {"127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "169.254.1.1", "fe80::2", "192.168.42.12"})});

  EXPECT_THAT(addresses(), ElementsAre("192.168.42.11", "192.168.42.12 peer"));
}

TEST_F(PlanNodeAddresses, AnAddressOfThisNodeIsItsOwnWhateverOtherNodesSay) {
  fold({a_node("n0", {}, {"192.168.42.11"}), a_node("n2", {}, {"192.168.42.11", "127.0.0.1"})});
  EXPECT_THAT(addresses(), ElementsAre("192.168.42.11"));

  fold({model::gone<model::Address>("eth0 192.168.42.11/24"), a_node("n1", {}, {"192.168.42.99"})});
  EXPECT_THAT(addresses(), ElementsAre("192.168.42.11 peer", "192.168.42.99"));
  fold({model::gone<model::Node>("n0")});
  EXPECT_THAT(addresses(), ElementsAre("192.168.42.11 peer", "192.168.42.99"));
  fold({model::gone<model::Node>("n2")});
  EXPECT_THAT(addresses(), ElementsAre("192.168.42.99"));
}

TEST_F(PlanNodeAddresses, N2PrefixesChooseByFamily) {
  struct Case {
    std::vector<std::string> prefixes, answering;
  };
  const Case kCases[] = {
      {{}, {"10.9.0.1", "127.0.0.1 host only", "192.168.42.11", "192.168.42.12 peer", "fd00:42::11"}},
      {{"192.168.0.0/16"}, {"192.168.42.11", "192.168.42.12 peer", "fd00:42::11"}},
      {{"192.168.42.12/32", "fd00:99::/32"}, {"192.168.42.12 peer"}},
      {{"127.0.0.0/8"}, {"127.0.0.1 host only", "fd00:42::11"}},
      {{"10.0.0.0/8", "0.0.0.0/0"}, {"10.9.0.1", "127.0.0.1 host only", "192.168.42.11", "192.168.42.12 peer", "fd00:42::11"}},
      {{"::/0"}, {"10.9.0.1", "127.0.0.1 host only", "192.168.42.11", "192.168.42.12 peer", "fd00:42::11"}},
      {{"172.16.0.0/12", "2001:db8::/32"}, {}},
  };
  fold({on_link("lo", "127.0.0.1/8", kHostScope), on_link("eth0", "fd00:42::11/64", 0), on_link("eth1", "10.9.0.1/24", 0),
        a_node("n2", {}, {"192.168.42.12"})});

  for (const auto& [prefixes, answering] : kCases) {
    choose(prefixes);
    EXPECT_EQ(addresses(), answering) << testing::PrintToString(prefixes);
  }
}

TEST_F(PlanNodeAddresses, ANodeThatJoinsAddsItsAddressesAndNoFrontend) {
  constexpr int kServices = 1000, kNodes = 1000;
  std::vector<model::Change> changes;
  for (int i = 0; i < kServices; ++i)
    changes.push_back(a_service("s" + std::to_string(i))
                          .address("10.96." + std::to_string(i / 250) + "." + std::to_string(i % 250))
                          .port(80)
                          .node_port(static_cast<uint16_t>(30000 + i)));
  for (int i = 1; i < kNodes; ++i)
    changes.push_back(a_node("p" + std::to_string(i), {}, {"192.168." + std::to_string(100 + i / 250) + "." + std::to_string(i % 250)}));
  fold(changes);
  auto of_node_ports = [&] {
    auto frontends = all<Frontend>();
    return all<NodeAddress>().size() +
           static_cast<size_t>(std::count_if(frontends.begin(), frontends.end(), [](auto& row) { return row.address.is_unspecified(); }));
  };
  ASSERT_EQ(of_node_ports(), 2000u);

  fold({a_node("n2", {"10.42.2.0/24"}, {"192.168.42.12", "fd00:42::12"})});

  EXPECT_EQ(of_node_ports(), 2002u);
  EXPECT_LE(planned_rows, 6u);  // its route, and that its pods and addresses see pods as they are
}

TEST_F(PlanNodeAddresses, AHeartbeatPlansNothingAndAnAddressThatChangesPlansTwo) {
  fold({a_node("n2", {}, {"192.168.42.12"})});
  auto calls = planning.planner_calls();
  auto keys_of = [&](model::Node after) {
    plan::Keys keys;
    const auto before = *planning.snapshot().table<model::Node>().find("n2");
    plan::node_addresses::keys_for({model::put("n2", before), model::put("n2", std::move(after))}, planning.snapshot(), keys);
    return keys;
  };
  model::Node node = *planning.snapshot().table<model::Node>().find("n2");
  node.ready = !node.ready;
  EXPECT_THAT(keys_of(node), IsEmpty());
  node.internal_ips = {ip("192.168.42.13")};
  EXPECT_THAT(keys_of(node), ElementsAre("192.168.42.12", "192.168.42.13"));
  EXPECT_EQ(planning.planner_calls(), calls);
}

TEST(PlanNodeAddressesAtTheStart, NothingIsSaidBeforeHostAndObjectsHaveBeenRead) {
  engine::Planning planning({.node_name = "n1"}, plan::features());
  planning.fold({model::put(model::Config{}), synced(model::SourceId::kObjects), a_node("n1", {}, {"192.168.42.11"})});
  EXPECT_THAT(plan::node_addresses::plan("192.168.42.11", planning.snapshot()).rows, IsEmpty());

  planning.fold({synced(model::SourceId::kHost)});
  size_t rows = 0;
  planning.run({}, [&](const auto& owner, auto planned) { rows += owner.feature == "node_addresses" ? planned.size() : 0; });
  EXPECT_EQ(rows, 1u);
}

}  // namespace
