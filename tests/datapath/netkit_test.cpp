// Netkit links with their programs, on kernels that have them: what the store of filters does there, and packets between pods of both
// kinds. A kernel without netkit skips, so tests/vm runs these too.
#include "io/kernel/netkit.h"

#include <bpf/bpf.h>
#include <net/if.h>

#include <chrono>
#include <iostream>

#include "abi/drop_reasons.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/features.h"
#include "io/kernel/filters.h"
#include "io/kernel/neighbors.h"
#include "io/kernel/pod_entries.h"
#include "io/kernel/pod_links.h"
#include "io/kernel/routes.h"
#include "support/datapath.h"

using model::LinkKind;
using model::desired::Filter;
using model::desired::FilterSide;
using model::desired::PodLink;

namespace {

double milliseconds_of(const std::function<void()>& work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

constexpr datapath_config kWithNetkit = {.migrating = 0,
                                         .first_node_port = 0,
                                         .last_node_port = 0,
                                         .first_nat_port = 0,
                                         .last_nat_port = 0,
                                         .flags = DATAPATH_NETKIT,
                                         .host_netns = 0};

// A node with addresses of its own, and pods of both kinds on it.
class DatapathNetkit : public support::DatapathTest {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (auto netkit = io::kernel::try_netkit(); !netkit.ok()) GTEST_SKIP() << "SKIPPED: " << netkit.error().text;
    load_datapath(kWithNetkit);
    ASSERT_TRUE(
        support::run("ip addr replace 10.9.0.1/32 dev lo; ip addr replace fd00:9::1/128 dev lo nodad; "
                     "until ip -6 route show table local | grep -q fd00:9::1; do :; done"));
  }

  static std::string generation() { return object_of(0, kWithNetkit).generation; }

  static PodLink a_link(LinkKind kind, uint8_t number) {
    PodLink link;
    link.name = "ich00000000000" + std::to_string(number), link.ifname = "eth0", link.mtu = 1500, link.kind = kind;
    if (model::has_link_addresses(kind)) link.host_mac = {{2, 0, 0, 0, 1, number}}, link.pod_mac = {{2, 0, 0, 0, 2, number}};
    link.addresses = {*base::parse_ip("10.1.0." + std::to_string(number)), *base::parse_ip("fd00:1::" + std::to_string(number))};
    link.netns = std::make_shared<base::Fd>(std::move(io::kernel::make_netns()).value());
    return link;
  }
  Filter a_filter(const PodLink& link, FilterSide side) { return {link.name, side, generation()}; }

  void put_link(const PodLink& link) {
    auto made = io::kernel::PodLinkStore().put(link, nullptr);
    ASSERT_TRUE(made.ok()) << made.error().text;
  }
  void put_filter(const Filter& filter) {
    auto put = io::kernel::FilterStore(bpf_root_).put(filter, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
  // What goes with the filters: where packets for the pod go.
  void put_ways(const PodLink& link) {
    for (const auto& ip : link.addresses) {
      auto entered = io::kernel::PodEntryStore(bpf_root_).put({ip, link.name, link.host_mac, link.pod_mac}, nullptr);
      ASSERT_TRUE(entered.ok()) << entered.error().text;
      auto routed = io::kernel::RouteStore().put({base::host_cidr(ip), base::Ip{}, link.name, base::Ip{}}, nullptr);
      ASSERT_TRUE(routed.ok()) << routed.error().text;
      if (!model::has_link_addresses(link.kind)) continue;
      auto known = io::kernel::NeighborStore().put({link.name, ip, link.pod_mac}, nullptr);
      ASSERT_TRUE(known.ok()) << known.error().text;
    }
  }
  PodLink a_pod(LinkKind kind, uint8_t number) {
    PodLink link = a_link(kind, number);
    put_link(link);
    for (auto side : {FilterSide::kFromPod, FilterSide::kToPod}) put_filter(a_filter(link, side));
    put_ways(link);
    return link;
  }

  std::vector<Filter> filters() {
    auto listed = io::kernel::FilterStore(bpf_root_).list();
    EXPECT_TRUE(listed.ok());
    return listed.ok() ? *listed : std::vector<Filter>();
  }

  static void expect_answers(int from, int to, const PodLink& pod, const char* what) {
    for (const auto& ip : pod.addresses) EXPECT_EQ(support::exchange_datagrams(from, to, ip), std::nullopt) << what;
  }
  static void expect_node_answers(const PodLink& pod) {
    for (const char* host : {"10.9.0.1", "fd00:9::1"})
      EXPECT_EQ(support::exchange_datagrams(pod.netns->get(), -1, *base::parse_ip(host)), std::nullopt);
  }
};

}  // namespace

TEST_F(DatapathNetkit, LinksOfBothKindsAreMadeInFewMilliseconds) {
  for (auto kind : {LinkKind::kVeth, LinkKind::kNetkit}) {
    PodLink link = a_link(kind, kind == LinkKind::kVeth ? 1 : 2);
    double made = milliseconds_of([&] { put_link(link); });
    double egress = milliseconds_of([&] { put_filter(a_filter(link, FilterSide::kFromPod)); });
    double ingress = milliseconds_of([&] { put_filter(a_filter(link, FilterSide::kToPod)); });
    std::cout << link_kind_name(kind) << ": link " << made << " ms, program from the pod " << egress << " ms, to the pod " << ingress
              << " ms\n";
  }
}

TEST_F(DatapathNetkit, PodsOfBothKindsAndTheNodeReachEachOther) {
  PodLink netkit = a_pod(LinkKind::kNetkit, 1), other = a_pod(LinkKind::kNetkit, 2), veth = a_pod(LinkKind::kVeth, 3);

  expect_answers(netkit.netns->get(), other.netns->get(), other, "netkit to netkit");
  expect_answers(netkit.netns->get(), veth.netns->get(), veth, "netkit to veth");
  expect_answers(veth.netns->get(), netkit.netns->get(), netkit, "veth to netkit");
  expect_answers(-1, netkit.netns->get(), netkit, "node to netkit");
  expect_node_answers(netkit);
}

TEST_F(DatapathNetkit, NothingLeavesThePodBeforeItsProgramIsThere) {
  PodLink link = a_link(LinkKind::kNetkit, 1);
  put_link(link);
  put_ways(link);

  EXPECT_NE(support::exchange_datagrams(link.netns->get(), -1, *base::parse_ip("10.9.0.1")), std::nullopt);
  put_filter(a_filter(link, FilterSide::kFromPod));
  expect_node_answers(link);
}

TEST_F(DatapathNetkit, FiltersAreFoundAgainReplacedAndPutBack) {
  PodLink link = a_pod(LinkKind::kNetkit, 1);
  const std::vector<Filter> both = {a_filter(link, FilterSide::kFromPod), a_filter(link, FilterSide::kToPod)};
  EXPECT_EQ(filters(), both);

  put_filter(both[0]);  // what is there already
  EXPECT_EQ(filters(), both);

  for (const auto& filter : both) ASSERT_TRUE(io::kernel::FilterStore(bpf_root_).remove(filter).ok());
  EXPECT_TRUE(filters().empty());
  for (const auto& filter : both) put_filter(filter);
  EXPECT_EQ(filters(), both);
  expect_node_answers(link);
}

TEST_F(DatapathNetkit, AnOlderGenerationsProgramsAreReplacedInOneStep) {
  PodLink link = a_pod(LinkKind::kNetkit, 1);
  const auto older = io::kernel::netkit::program_on(if_nametoindex("ich000000000001"));
  // The same programs once more, as another version of the agent would have pinned them.
  ASSERT_TRUE(support::run("mv " + bpf_root_ + "/programs/" + generation() + " " + bpf_root_ + "/programs/0123"));
  load_datapath();
  EXPECT_EQ(filters()[0].generation, "0123");

  double replaced = milliseconds_of([&] { put_filter(a_filter(link, FilterSide::kFromPod)); });

  std::cout << "replaced: " << replaced << " ms\n";
  EXPECT_EQ(filters()[0].generation, generation());
  EXPECT_NE(*io::kernel::netkit::program_on(if_nametoindex("ich000000000001")), *older);
  expect_node_answers(link);
}

TEST_F(DatapathNetkit, ALinkThatIsGoneHasNoFilters) {
  PodLink link = a_pod(LinkKind::kNetkit, 1);

  ASSERT_TRUE(io::kernel::PodLinkStore().remove(link).ok());

  EXPECT_TRUE(filters().empty());
  EXPECT_TRUE(io::kernel::FilterStore(bpf_root_).remove(a_filter(link, FilterSide::kFromPod)).ok());
}

TEST_F(DatapathNetkit, AVethInTheWayOfANewNetkitIsReplaced) {
  PodLink veth = a_link(LinkKind::kVeth, 1);
  put_link(veth);
  PodLink netkit = a_link(LinkKind::kNetkit, 1);

  put_link(netkit);

  auto listed = io::kernel::PodLinkStore().list();
  ASSERT_TRUE(listed.ok() && listed->size() == 1);
  EXPECT_EQ(listed->front().kind, LinkKind::kNetkit);
  netkit.netns = nullptr;
  EXPECT_TRUE(io::kernel::PodLinkStore().put(netkit, nullptr).ok());
  veth.netns = nullptr;
  EXPECT_FALSE(io::kernel::PodLinkStore().put(veth, nullptr).ok());
}
