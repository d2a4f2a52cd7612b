// Routes and neighbours on the real kernel.
#include "io/kernel/routes.h"

#include <gmock/gmock.h>

#include "io/kernel/neighbors.h"
#include "support/netns.h"

namespace {

using io::kernel::NeighborStore;
using io::kernel::RouteStore;
using model::desired::Neighbor;
using model::desired::Route;
using model::desired::RouteType;
using support::output_of;
using support::run;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

base::Ip ip(const char* text) { return *base::parse_ip(text); }
base::Cidr cidr(const char* text) { return *base::parse_cidr(text); }

class KernelRoutes : public support::NetnsTest {
 protected:
  void SetUp() override {
    NetnsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(
        run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && "
            "ip addr add 192.0.2.1/24 dev up0 && ip addr add 2001:db8::1/64 dev up0 nodad && "
            "ip link add ich000000000001 type veth peer name eth0 && ip link set eth0 up && ip link set ich000000000001 up"));
  }

  void put(const Route& row) {
    auto made = RouteStore().put(row, nullptr);
    ASSERT_TRUE(made) << made.error().text;
  }
  std::vector<Route> list() {
    auto listed = RouteStore().list();
    EXPECT_TRUE(listed) << listed.error().text;
    return listed ? *listed : std::vector<Route>();
  }
};

TEST_F(KernelRoutes, ComeBackAsTheyWerePut) {
  std::vector<Route> rows = {{cidr("10.1.0.5/32"), base::Ip{}, "ich000000000001", base::Ip{}},
                             {cidr("fd00:1::5/128"), base::Ip{}, "ich000000000001", base::Ip{}},
                             {cidr("10.2.0.0/16"), ip("192.0.2.2"), "up0", ip("192.0.2.1")},
                             {cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}}};

  for (const auto& row : rows) put(row);

  EXPECT_THAT(list(), testing::UnorderedElementsAreArray(rows));
  EXPECT_THAT(output_of("ip route"), HasSubstr("10.1.0.5 dev ich000000000001 proto 105 scope link"));
}

TEST_F(KernelRoutes, OfTypeUnreachableAndWithAMetricComeBackAsTheyWerePutAndGo) {
  std::vector<Route> rows = {
      {cidr("10.1.0.0/24"), base::Ip{}, "", base::Ip{}, model::desired::kUnusedRouteMetric, RouteType::kUnreachable},
      {cidr("fd00:1::/64"), base::Ip{}, "", base::Ip{}, model::desired::kUnusedRouteMetric, RouteType::kUnreachable},
      {cidr("10.2.0.0/16"), ip("192.0.2.2"), "up0", base::Ip{}, model::desired::kPeerRouteMetric, RouteType::kUnicast},
      {cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}, model::desired::kPeerRouteMetric, RouteType::kUnicast}};

  for (const auto& row : rows) put(row);
  for (const auto& row : rows) put(row);
  EXPECT_THAT(list(), testing::UnorderedElementsAreArray(rows));
  ASSERT_TRUE(
      run("ip route add 10.2.0.0/16 via 192.0.2.9 && ip -6 route add fd00:2::/64 via 2001:db8::9 && "
          "ip route add 10.1.0.0/24 dev ich000000000001 && ip -6 route add fd00:1::/64 dev ich000000000001"));
  for (const char* preferred : {"10.2.0.1 via 192.0.2.9", "fd00:2::1 from :: via 2001:db8::9", "10.1.0.1 dev ich000000000001",
                                "fd00:1::1 from :: dev ich000000000001"})
    EXPECT_THAT(output_of("ip route get 10.2.0.1; ip route get fd00:2::1; ip route get 10.1.0.1; ip route get fd00:1::1"),
                HasSubstr(preferred));

  for (const auto& row : rows) EXPECT_TRUE(RouteStore().remove(row));
  EXPECT_THAT(list(), testing::IsEmpty());
  EXPECT_THAT(output_of("ip route; ip -6 route"),
              testing::AllOf(HasSubstr("10.2.0.0/16 via 192.0.2.9"), HasSubstr("fd00:2::/64 via 2001:db8::9")));
}

TEST_F(KernelRoutes, FindTheirLinkByTheGateway) {
  put({cidr("10.2.0.0/16"), ip("192.0.2.2"), "", base::Ip{}});
  put({cidr("fd00:2::/64"), ip("2001:db8::2"), "", base::Ip{}});

  EXPECT_THAT(list(), UnorderedElementsAre(Route{cidr("10.2.0.0/16"), ip("192.0.2.2"), "up0", base::Ip{}},
                                           Route{cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}}));
}

TEST_F(KernelRoutes, AreReplacedNotDoubled) {
  for (const char* gateway : {"192.0.2.2", "192.0.2.3", "192.0.2.3"}) put({cidr("10.2.0.0/16"), ip(gateway), "up0", base::Ip{}});
  for (const char* gateway : {"2001:db8::2", "2001:db8::3", "2001:db8::3"}) put({cidr("fd00:2::/64"), ip(gateway), "up0", base::Ip{}});

  EXPECT_THAT(list(), UnorderedElementsAre(Route{cidr("10.2.0.0/16"), ip("192.0.2.3"), "up0", base::Ip{}},
                                           Route{cidr("fd00:2::/64"), ip("2001:db8::3"), "up0", base::Ip{}}));
}

TEST_F(KernelRoutes, GoFromALinkToAGatewayAndBack) {
  for (auto [destination, gateway] : {std::pair{"10.2.0.9/32", "192.0.2.2"}, {"fd00:2::9/128", "2001:db8::2"}}) {
    put({cidr(destination), base::Ip{}, "ich000000000001", base::Ip{}});
    put({cidr(destination), ip(gateway), "up0", base::Ip{}});
    EXPECT_THAT(list(), testing::ElementsAre(Route{cidr(destination), ip(gateway), "up0", base::Ip{}}));
    put({cidr(destination), base::Ip{}, "ich000000000001", base::Ip{}});
    EXPECT_THAT(list(), testing::ElementsAre(Route{cidr(destination), base::Ip{}, "ich000000000001", base::Ip{}}));
    ASSERT_TRUE(RouteStore().remove({cidr(destination), base::Ip{}, "ich000000000001", base::Ip{}}));
  }
}

TEST_F(KernelRoutes, OfOthersAreNeitherListedNorTouched) {
  ASSERT_TRUE(run("ip route add 10.2.0.0/16 via 192.0.2.9 proto static && ip -6 route add fd00:2::/64 via 2001:db8::9 proto static"));
  std::string before = output_of("ip route; ip -6 route");

  auto made4 = RouteStore().put({cidr("10.2.0.0/16"), ip("192.0.2.2"), "up0", base::Ip{}}, nullptr);
  auto made6 = RouteStore().put({cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}}, nullptr);

  ASSERT_FALSE(made4);
  EXPECT_THAT(made4.error().text, HasSubstr("stands in the way: 10.2.0.0/16 via 192.0.2.9 dev up0 with protocol 4"));
  ASSERT_FALSE(made6);
  EXPECT_THAT(made6.error().text, HasSubstr("stands in the way: fd00:2::/64 via 2001:db8::9 dev up0 with protocol 4"));
  EXPECT_TRUE(RouteStore().remove({cidr("10.2.0.0/16"), ip("192.0.2.2"), "up0", base::Ip{}}));
  EXPECT_TRUE(RouteStore().remove({cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}}));
  EXPECT_THAT(list(), testing::IsEmpty());
  EXPECT_EQ(output_of("ip route; ip -6 route"), before);
}

TEST_F(KernelRoutes, NeedAGatewayOnTheirOwnSegment) {
  ASSERT_TRUE(run("ip route add default via 192.0.2.254 && ip -6 route add default via 2001:db8::fe"));
  for (auto [destination, gateway] : {std::pair{"10.2.0.0/16", "198.51.100.7"}, {"fd00:2::/64", "2001:db8:1::7"}}) {
    auto made = RouteStore().put({cidr(destination), ip(gateway), "", base::Ip{}}, nullptr);

    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().text, HasSubstr(std::string("no link of this node reaches ") + gateway + " directly"));
  }
}

TEST_F(KernelRoutes, AreRemovedAndRemovingNothingSucceeds) {
  Route row{cidr("10.1.0.5/32"), base::Ip{}, "ich000000000001", base::Ip{}};
  Route row6{cidr("fd00:2::/64"), ip("2001:db8::2"), "up0", base::Ip{}};
  put(row);
  put(row6);
  RouteStore store;

  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(store.remove(row));
    EXPECT_TRUE(store.remove(row6));
  }

  EXPECT_THAT(list(), testing::IsEmpty());
}

TEST_F(KernelRoutes, ToALinkThatIsGoneSaySo) {
  auto made = RouteStore().put({cidr("10.1.0.5/32"), base::Ip{}, "ich000000000077", base::Ip{}}, nullptr);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ENODEV);
  EXPECT_THAT(made.error().text, HasSubstr("link ich000000000077"));
}

TEST_F(KernelRoutes, NeighborsOnPodLinksComeBackAsTheyWerePut) {
  NeighborStore store;
  std::vector<Neighbor> rows = {{"ich000000000001", ip("10.1.0.5"), {{2, 0, 0, 0, 0, 1}}},
                                {"ich000000000001", ip("fd00:1::5"), {{2, 0, 0, 0, 0, 1}}}};
  ASSERT_TRUE(
      run("ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:09 dev up0 && ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev ich000000000001"));

  for (const auto& row : rows) ASSERT_TRUE(store.put(row, nullptr));
  ASSERT_TRUE(store.put(rows[0], &rows[0]));

  auto listed = store.list();
  ASSERT_TRUE(listed) << listed.error().text;
  EXPECT_THAT(*listed, testing::UnorderedElementsAreArray(rows));
}

TEST_F(KernelRoutes, NeighborsTakeANewMacAndAreRemoved) {
  NeighborStore store;
  Neighbor row{"ich000000000001", ip("10.1.0.5"), {{2, 0, 0, 0, 0, 1}}};
  ASSERT_TRUE(store.put(row, nullptr));
  row.mac = {{2, 0, 0, 0, 0, 2}};

  ASSERT_TRUE(store.put(row, nullptr));

  EXPECT_THAT(*store.list(), testing::ElementsAre(row));
  EXPECT_TRUE(store.remove(row));
  EXPECT_TRUE(store.remove(row));
  EXPECT_THAT(*store.list(), testing::IsEmpty());
  row.link = "ich000000000077";
  EXPECT_TRUE(store.remove(row));
  EXPECT_FALSE(store.put(row, nullptr));
}

}  // namespace
