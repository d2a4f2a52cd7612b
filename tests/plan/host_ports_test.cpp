// Which addresses of the node lead to a pod that asked for ports of it.
#include "plan/host_ports.h"

#include <gmock/gmock.h>

#include "engine/planning.h"
#include "support/builders.h"

namespace {

using namespace support;
using model::HostPort;
using model::Protocol;
using model::desired::Frontend;
using model::desired::ServiceSet;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A pod with 10.42.1.9 and fd00:42:1::9 on a node with two addresses of IPv4 and one of IPv6.
struct PlanHostPorts : testing::Test {
  engine::Planning planning{{.node_name = "n1"}, plan::features()};
  model::Planned planned;
  model::Sandbox sandbox;

  void SetUp() override {
    sandbox.identity.container_id = "abc";
    sandbox.identity.ifname = "eth0";
    sandbox.identity.pod_namespace = "default", sandbox.identity.pod_name = "web";
    sandbox.complete = true;
    sandbox.addresses = {ip("10.42.1.9"), ip("fd00:42:1::9")};
    planning.fold(all_synced());
    planning.fold({a_node("n1", {"10.42.1.0/24", "fd00:42:1::/64"}, {"192.168.42.11"}), a_link("eth0"),
                   an_address("eth0", "192.168.42.11/24"), an_address("eth0", "192.168.42.12/24"), an_address("eth0", "2001:db8::11/64"),
                   model::put("lo", model::Address{"lo", cidr("127.0.0.1/8"), 254}),
                   model::put("lo6", model::Address{"lo", cidr("::1/128"), 254})});
  }
  void plan(std::vector<HostPort> ports) {
    sandbox.identity.host_ports = std::move(ports);
    planning.fold({the_sandbox(sandbox)});
    planning.run({}, [](const auto&, auto) {});
    planned = plan::host_ports::plan("abc/eth0", planning.snapshot());
  }
  // "FRONTEND POD:PORT" of each, and whether the outside reaches it too.
  std::vector<std::string> frontends() const {
    std::vector<std::string> texts;
    for (const auto& row : planned.rows)
      if (const auto* frontend = std::get_if<Frontend>(&row))
        for (const auto& other : planned.rows)
          if (const auto* set = std::get_if<ServiceSet>(&other); set && set->id == frontend->callers)
            texts.push_back(frontend->key() + " " + base::endpoint_text(set->backends[0].address, set->backends[0].port) +
                            (frontend->arrivals ? "" : " from here"));
    return texts;
  }
};

TEST_F(PlanHostPorts, APortIsReachedAtEachAddressOfTheNodeInItsFamily) {
  plan({{std::nullopt, 8080, 80, Protocol::kTcp}});
  EXPECT_THAT(frontends(), UnorderedElementsAre("127.0.0.1:8080/TCP 10.42.1.9:80 from here", "192.168.42.11:8080/TCP 10.42.1.9:80",
                                                "192.168.42.12:8080/TCP 10.42.1.9:80", "[2001:db8::11]:8080/TCP [fd00:42:1::9]:80"));
  EXPECT_THAT(planned.problems, IsEmpty());
}

TEST_F(PlanHostPorts, O1OneNumberLeadsElsewhereByAddressAndProtocol) {
  plan({{ip("127.0.0.1"), 8080, 80, Protocol::kTcp},
        {ip("192.168.42.11"), 8080, 81, Protocol::kTcp},
        {ip("192.168.42.11"), 8080, 82, Protocol::kUdp}});
  EXPECT_THAT(frontends(), UnorderedElementsAre("127.0.0.1:8080/TCP 10.42.1.9:80 from here", "192.168.42.11:8080/TCP 10.42.1.9:81",
                                                "192.168.42.11:8080/UDP 10.42.1.9:82"));
}

TEST_F(PlanHostPorts, AnUnspecifiedAddressIsAllOfItsFamily) {
  plan({{ip("::"), 8080, 80, Protocol::kTcp}});
  EXPECT_THAT(frontends(), UnorderedElementsAre("[2001:db8::11]:8080/TCP [fd00:42:1::9]:80"));
}

TEST_F(PlanHostPorts, WhatCannotBeServedIsAProblemAndTakesNoOtherPortAway) {
  plan({{ip("203.0.113.9"), 8080, 80, Protocol::kTcp},
        {std::nullopt, 132, 132, Protocol::kSctp},
        {ip("192.168.42.12"), 53, 53, Protocol::kUdp}});
  EXPECT_THAT(frontends(), UnorderedElementsAre("192.168.42.12:53/UDP 10.42.1.9:53"));
  ASSERT_EQ(planned.problems.size(), 2u);
  EXPECT_EQ(planned.problems[0].text, "hostPort 8080/TCP of 203.0.113.9 is not served: this node has no such address");
  EXPECT_THAT(planned.problems[1].text, HasSubstr("132/SCTP is not served"));
  EXPECT_EQ(planned.problems[0].subject, "Pod default/web");
}

TEST_F(PlanHostPorts, AnAddressThatComesIsServedToo) {
  plan({{std::nullopt, 8080, 80, Protocol::kUdp}});
  const size_t before = frontends().size();
  planning.fold({an_address("eth0", "192.168.42.13/24")});
  planned = plan::host_ports::plan("abc/eth0", planning.snapshot());
  EXPECT_EQ(frontends().size(), before + 1);
}

TEST_F(PlanHostPorts, SwitchedOffThereAreNone) {
  model::Config config;
  config.host_ports = false;
  planning.fold({model::put(config)});
  plan({{std::nullopt, 8080, 80, Protocol::kTcp}});
  EXPECT_THAT(planned.rows, IsEmpty());
}

}  // namespace
