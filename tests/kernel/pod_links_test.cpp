// Pod links on the real kernel, each test in a network namespace of its own with a second one as the pod.
#include "io/kernel/pod_links.h"

#include <gmock/gmock.h>

#include <chrono>
#include <iostream>

#include "base/text.h"
#include "io/kernel/neighbors.h"
#include "io/kernel/routes.h"
#include "io/kernel/sysctls.h"
#include "support/netns.h"

namespace {

using io::kernel::NetnsVisit;
using io::kernel::PodLinkStore;
using model::desired::PodLink;
using testing::HasSubstr;

double milliseconds_of(const std::function<void()>& work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

class PodLinks : public support::NetnsTest {
 protected:
  static std::shared_ptr<base::Fd> a_netns() {
    auto made = io::kernel::make_netns();
    EXPECT_TRUE(made) << made.error().text;
    return std::make_shared<base::Fd>(std::move(made).value());
  }

  static PodLink a_link(uint8_t number = 1) {
    PodLink row;
    row.name =
        "ich0000000000" + std::string(1, static_cast<char>('0' + number / 10)) + std::string(1, static_cast<char>('0' + number % 10));
    row.alias = "ichor pod container/eth0";
    row.ifname = "eth0";
    row.host_mac = {{2, 1, 0, 0, 0, number}};
    row.pod_mac = {{2, 2, 0, 0, 0, number}};
    row.mtu = 1400;
    row.addresses = {*base::parse_ip("10.1.0." + std::to_string(number)), *base::parse_ip("fd00:1::" + std::to_string(number))};
    row.netns = a_netns();
    return row;
  }

  // What goes with the link on the node's side.
  void put_ways(const PodLink& link) {
    io::kernel::RouteStore routes;
    io::kernel::NeighborStore neighbors;
    for (const auto& ip : link.addresses) {
      auto routed = routes.put({base::host_cidr(ip), base::Ip{}, link.name, base::Ip{}}, nullptr);
      ASSERT_TRUE(routed) << routed.error().text;
      auto known = neighbors.put({link.name, ip, link.pod_mac}, nullptr);
      ASSERT_TRUE(known) << known.error().text;
    }
  }

  static std::string in_pod(const PodLink& link, const std::string& command) {
    auto visit = NetnsVisit::enter(link.netns->get());
    return support::output_of(command);
  }

  void put(const PodLink& link) {
    auto made = PodLinkStore().put(link, nullptr);
    ASSERT_TRUE(made) << made.error().text;
  }

  void expect_traffic_both_ways(const PodLink& link) {
    // The node's own address: unlike the pods', it can be used only when a kernel worker has made its route.
    ASSERT_TRUE(
        support::run("ip addr replace 10.9.0.1/32 dev lo; ip addr replace fd00:9::1/128 dev lo nodad; "
                     "until ip -6 route show table local | grep -q fd00:9::1; do :; done"));
    for (const auto& ip : link.addresses) EXPECT_EQ(support::exchange_datagrams(-1, link.netns->get(), ip), std::nullopt);
    for (const char* host : {"10.9.0.1", "fd00:9::1"})
      EXPECT_EQ(support::exchange_datagrams(link.netns->get(), -1, *base::parse_ip(host)), std::nullopt);
  }
};

TEST_F(PodLinks, CarryTrafficBothWaysAsSoonAsTheyAreMade) {
  PodLink link = a_link();

  std::cout << "put: " << milliseconds_of([&] { put(link); }) << " ms\n";
  put_ways(link);

  expect_traffic_both_ways(link);
}

TEST_F(PodLinks, GiveThePodItsAddressesGatewaysAndMtu) {
  PodLink link = a_link();

  put(link);

  EXPECT_THAT(in_pod(link, "ip -o addr show dev eth0"),
              testing::AllOf(HasSubstr("10.1.0.1/32"), HasSubstr("fd00:1::1/128"), Not(HasSubstr("fe80"))));
  EXPECT_THAT(in_pod(link, "ip -o addr"), Not(HasSubstr("tentative")));
  EXPECT_THAT(in_pod(link, "ip -o link show dev eth0"), testing::AllOf(HasSubstr("mtu 1400"), HasSubstr("02:02:00:00:00:01")));
  EXPECT_THAT(in_pod(link, "ip route"), testing::AllOf(HasSubstr("default via 169.254.105.105"), HasSubstr("169.254.105.105 dev eth0")));
  EXPECT_THAT(in_pod(link, "ip -6 route"), HasSubstr("default via fe80::69 dev eth0"));
  EXPECT_THAT(in_pod(link, "ip neigh show nud permanent"), testing::AllOf(HasSubstr("169.254.105.105 dev eth0 lladdr 02:01:00:00:00:01"),
                                                                          HasSubstr("fe80::69 dev eth0 lladdr 02:01:00:00:00:01")));
}

TEST_F(PodLinks, AreListedByNameAndKind) {
  PodLink link = a_link();
  put(link);
  ASSERT_TRUE(support::run("ip link add other type veth peer name ichor-like; ip link add name ich00000b41d6e0 type bridge"));

  auto listed = PodLinkStore().list();

  ASSERT_TRUE(listed) << listed.error().text;
  EXPECT_THAT(*listed, testing::Contains(link));
  for (const auto& row : *listed) EXPECT_NE(row.name, "ich00000b41d6e0");
}

TEST_F(PodLinks, SetTheNodesSideForForwardingWithoutReversePathFilter) {
  PodLink link = a_link();
  put(link);

  for (auto [family, setting, value] : {std::tuple{"ipv4", "rp_filter", "0"},
                                        {"ipv4", "forwarding", "1"},
                                        {"ipv4", "proxy_arp", "0"},
                                        {"ipv6", "forwarding", "1"},
                                        {"ipv6", "accept_ra", "0"}}) {
    auto found = io::kernel::read_sysctl("/proc/sys", {"net", family, "conf", link.name, setting});
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(*found, value) << setting;
  }
}

TEST_F(PodLinks, StayTheSameWhenPutAgain) {
  PodLink link = a_link();
  put(link);
  put_ways(link);
  std::string before = support::output_of("ip -o link show dev " + link.name);

  put(link);

  EXPECT_EQ(support::output_of("ip -o link show dev " + link.name), before);
  expect_traffic_both_ways(link);
}

TEST_F(PodLinks, AreFinishedWhereAnEarlierAttemptStopped) {
  PodLink link = a_link();
  put(link);
  in_pod(link, "ip addr flush dev eth0; ip link set eth0 down; ip link set lo down");
  support::run("ip link set " + link.name + " down");

  put(link);
  put_ways(link);

  expect_traffic_both_ways(link);
}

TEST_F(PodLinks, AreMadeAnewWhenTheOneThereEndsElsewhere) {
  PodLink link = a_link();
  put(link);
  auto first_pod = link.netns;
  link.netns = a_netns();

  put(link);
  put_ways(link);

  expect_traffic_both_ways(link);
}

TEST_F(PodLinks, ReplaceALeftoverOfAnEarlierAddInTheSamePod) {
  PodLink old_link = a_link(1);
  put(old_link);
  PodLink link = a_link(2);
  link.netns = old_link.netns;

  put(link);
  put_ways(link);

  expect_traffic_both_ways(link);
  EXPECT_EQ(support::output_of("ip -o link show dev " + old_link.name + " 2>/dev/null"), "");
}

TEST_F(PodLinks, LeaveAForeignInterfaceOfThePodAlone) {
  PodLink link = a_link();
  in_pod(link, "ip link add eth0 type veth peer name eth1");

  auto made = PodLinkStore().put(link, nullptr);

  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text, HasSubstr("already has an interface eth0 that is not ichor's"));
  EXPECT_THAT(in_pod(link, "ip -o link show dev eth0"), HasSubstr("eth0"));
}

TEST_F(PodLinks, OfASecondInterfaceLeaveTheFirstOnesDefaultRoutesAloneComingAndGoing) {
  PodLink first = a_link(1);
  put(first);
  put_ways(first);
  const std::string routes = "ip route; ip -6 route show proto 105";
  const std::string before = in_pod(first, routes);
  PodLink second = a_link(2);
  second.ifname = "eth1";
  second.netns = first.netns;

  put(second);
  put(second);

  expect_traffic_both_ways(first);
  for (const auto& line : base::split(before, '\n')) EXPECT_THAT(in_pod(first, routes), HasSubstr(std::string(line)));
  EXPECT_THAT(in_pod(first, "ip route get 10.77.0.1"), HasSubstr("dev eth0"));
  EXPECT_THAT(in_pod(first, "ip -6 route get fd00:77::1"), HasSubstr("dev eth0"));
  EXPECT_THAT(in_pod(first, "ip route show dev eth1"), HasSubstr("default via 169.254.105.105"));
  EXPECT_THAT(in_pod(first, "ip -6 route show dev eth1"), HasSubstr("default via fe80::69"));

  ASSERT_TRUE(PodLinkStore().remove(second));
  EXPECT_EQ(in_pod(first, routes), before);
  expect_traffic_both_ways(first);
}

TEST_F(PodLinks, OfASecondInterfaceStandInWhenTheFirstGoes) {
  PodLink first = a_link(1);
  put(first);
  PodLink second = a_link(2);
  second.ifname = "eth1";
  second.netns = first.netns;
  put(second);
  put_ways(second);

  ASSERT_TRUE(PodLinkStore().remove(first));

  expect_traffic_both_ways(second);
}

TEST_F(PodLinks, SayWhoseTheyAreAndAStrangersAreNotIchors) {
  PodLink link = a_link();
  put(link);
  // A name of ichor's kind is enough, as older versions gave no alias; so is the alias. Anything else that begins with "ich" is foreign.
  ASSERT_TRUE(
      support::run("ip link add ich0123456789ab type veth peer name p0; ip link add other type veth peer name p1; "
                   "ip link set other alias 'ichor pod abc/eth0'; ip link add ichost type veth peer name p2; "
                   "ip link add ichthys0 type veth peer name p3; ip link add ich0123456789aB type veth peer name p4; "
                   "ip link add ich0123456789a type veth peer name p5; ip link set p5 alias 'ichor of Troy'"));

  std::vector<std::string> names;
  const auto listed = PodLinkStore().list();
  for (const auto& row : *listed) names.push_back(row.name);

  EXPECT_THAT(names, testing::UnorderedElementsAre(link.name, "ich0123456789ab", "other"));
  EXPECT_THAT(support::output_of("ip link show dev " + link.name), HasSubstr("alias ichor pod container/eth0"));
  PodLink stranger;
  stranger.name = "ichthys0";
  ASSERT_TRUE(PodLinkStore().remove(stranger));
  EXPECT_THAT(support::output_of("ip link show dev ichthys0"), HasSubstr("ichthys0"));
}

TEST_F(PodLinks, OfAnOlderVersionGetTheirAlias) {
  PodLink link = a_link();
  const std::string alias = std::exchange(link.alias, "");
  put(link);
  link.alias = alias;
  link.netns = nullptr;
  EXPECT_THAT(*PodLinkStore().list(), testing::Not(testing::Contains(link)));

  put(link);
  EXPECT_THAT(*PodLinkStore().list(), testing::Contains(link));

  ASSERT_TRUE(support::run("ip link set " + link.name + " alias ''"));
  link.mtu = 1300;
  EXPECT_FALSE(PodLinkStore().put(link, nullptr));  // the MTU cannot be had

  EXPECT_THAT(*PodLinkStore().list(), testing::Contains(link));
}

TEST_F(PodLinks, OfAnotherPodAreNotTakenForThisOnesByTheirNumbers) {
  ASSERT_TRUE(support::run("ip link add pad0 type veth peer name pad1"));  // so that the two ends have different numbers
  PodLink neighbor = a_link(1);
  put(neighbor);
  PodLink link = a_link(2);
  std::string number = "ip -o link show dev ";
  std::string host_number = support::output_of(number + neighbor.name + " | cut -d: -f1 | tr -d '\\n'");
  std::string pod_number = in_pod(neighbor, number + "eth0 | cut -d: -f1 | tr -d '\\n'");
  ASSERT_EQ(in_pod(link, "ip link add eth0 index " + pod_number + " type veth peer name eth1 index " + host_number + " && echo -n made"),
            "made");

  auto made = PodLinkStore().put(link, nullptr);

  EXPECT_FALSE(made);
  put_ways(neighbor);
  expect_traffic_both_ways(neighbor);
}

TEST_F(PodLinks, AreKeptWithoutTheNamespace) {
  PodLink link = a_link();
  put(link);
  put_ways(link);
  PodLink kept = link;
  kept.netns = nullptr;

  put(kept);

  expect_traffic_both_ways(link);
}

TEST_F(PodLinks, KeepTheirMtuOnBothSidesWithoutTheNamespace) {
  PodLink link = a_link();
  put(link);
  PodLink kept = link;
  kept.netns = nullptr;
  kept.mtu = 1300;

  auto changed = PodLinkStore().put(kept, &link);

  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().text, HasSubstr("keeps its MTU of 1400"));
  EXPECT_THAT(support::output_of("ip -o link show dev " + link.name), HasSubstr("mtu 1400"));
}

TEST_F(PodLinks, CannotBeMadeWithoutANamespace) {
  PodLink link = a_link();
  link.netns = nullptr;

  auto made = PodLinkStore().put(link, nullptr);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ENODEV);
  EXPECT_THAT(made.error().text, HasSubstr("only a new ADD can make it"));
}

TEST_F(PodLinks, AreRemovedAndRemovingNothingSucceeds) {
  PodLink link = a_link();
  put(link);
  PodLinkStore store;

  EXPECT_TRUE(store.remove(link));
  EXPECT_TRUE(store.remove(link));

  auto listed = store.list();
  ASSERT_TRUE(listed) << listed.error().text;
  EXPECT_THAT(*listed, testing::IsEmpty());
}

TEST_F(PodLinks, AreManyAndStillQuicklyListed) {
  constexpr int kLinks = 100;
  std::vector<PodLink> links;
  for (int number = 0; number < kLinks; ++number) links.push_back(a_link(static_cast<uint8_t>(number)));

  double put_time = milliseconds_of([&] {
    for (const auto& link : links) put(link);
  });
  size_t listed = 0;
  double list_time = milliseconds_of([&] { listed = PodLinkStore().list()->size(); });

  EXPECT_EQ(listed, links.size());
  std::cout << kLinks << " links: put " << put_time / kLinks << " ms each, list " << list_time << " ms\n";
}

}  // namespace
