// The host source against the real kernel: whatever `ip` does to a namespace ends up in the rows.
#include <gmock/gmock.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/mailbox.h"
#include "sources/host.h"
#include "sources/host_tables.h"
#include "support/netns.h"

namespace {

using support::run;

constexpr base::Millis kPatience{5000};

// Folds facts into rows, as the engine does.
class HostSource : public support::NetnsTest {
 protected:
  void start() {
    source_.emplace([this](model::Fact fact) { mailbox_.push(std::move(fact)); });
    auto started = source_->start();
    ASSERT_TRUE(started) << started.error().text;
    ASSERT_TRUE(eventually([this] { return statuses_.contains("host") && statuses_.at("host").synced; }));
  }
  void TearDown() override {
    source_.reset();
    NetnsTest::TearDown();
  }

  bool eventually(const std::function<bool()>& holds) {
    auto until = base::boot_now() + kPatience;
    while (!holds()) {
      if (base::boot_now() > until) return false;
      for (auto& fact : mailbox_.take(until)) fold(fact);
    }
    return true;
  }

  void fold(const model::Fact& fact) {
    host_changed_ |= std::holds_alternative<model::HostChanged>(fact);
    if (const auto* changes = std::get_if<model::Changes>(&fact)) fold(*changes);
  }
  void fold(const model::Changes& changes) {
    for (const auto& change : changes) {
      std::visit([this]<class Row>(const model::RowChange<Row>& change) { fold_row(change); }, change);
    }
  }
  template <class Row>
  void fold_row(const model::RowChange<Row>& change) {
    if constexpr (std::is_same_v<Row, model::Link>) fold_into(links_, change);
    if constexpr (std::is_same_v<Row, model::Address>) fold_into(addresses_, change);
    if constexpr (std::is_same_v<Row, model::HostRoute>) fold_into(routes_, change);
    if constexpr (std::is_same_v<Row, model::HostNeighbor>) {
      fold_into(neighbors_, change);
      ++neighbor_changes_;
    }
    if constexpr (std::is_same_v<Row, model::SourceStatus>) fold_into(statuses_, change);
    if constexpr (std::is_same_v<Row, model::ForwardChain>) fold_into(chains_, change);
    if constexpr (std::is_same_v<Row, model::KubeProxyRules>) fold_into(kube_proxy_rules_, change);
    if constexpr (std::is_same_v<Row, model::LostDefaultRoute>) fold_into(lost_default_routes_, change);
  }
  template <class Row>
  static void fold_into(std::map<std::string, Row>& rows, const model::RowChange<Row>& change) {
    if (change.row) {
      EXPECT_FALSE(rows.contains(change.key) && rows.at(change.key) == *change.row) << change.key << " is told again unchanged";
      rows.insert_or_assign(change.key, *change.row);
    } else {
      EXPECT_EQ(rows.erase(change.key), 1u) << change.key << " is gone but was never told";
    }
  }

  // What a source that starts now would say is what this one has said by now.
  bool agrees_with_a_new_one() {
    return eventually([this] {
      auto fresh = sources::read_host_once();
      if (!fresh) return false;
      std::map<std::string, model::Link> links;
      std::map<std::string, model::Address> addresses;
      std::map<std::string, model::HostRoute> routes;
      for (const auto& change : *fresh) {
        if (auto* link = std::get_if<model::RowChange<model::Link>>(&change)) links[link->key] = *link->row;
        if (auto* address = std::get_if<model::RowChange<model::Address>>(&change)) addresses[address->key] = *address->row;
        if (auto* route = std::get_if<model::RowChange<model::HostRoute>>(&change)) routes[route->key] = *route->row;
      }
      return links == links_ && addresses == addresses_ && routes == routes_;
    });
  }

  base::Mailbox<model::Fact> mailbox_;
  std::optional<sources::HostSource> source_;
  std::map<std::string, model::Link> links_;
  std::map<std::string, model::Address> addresses_;
  std::map<std::string, model::HostRoute> routes_;
  std::map<std::string, model::HostNeighbor> neighbors_;
  std::map<std::string, model::SourceStatus> statuses_;
  std::map<std::string, model::ForwardChain> chains_;
  std::map<std::string, model::KubeProxyRules> kube_proxy_rules_;
  std::map<std::string, model::LostDefaultRoute> lost_default_routes_;
  int neighbor_changes_ = 0;
  bool host_changed_ = false;
};

TEST_F(HostSource, TellsWhatIsThereInItsFirstFact) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0 && "
          "ip route add default via 192.0.2.254 && ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:01 dev up0"));

  start();

  ASSERT_TRUE(links_.contains("up0"));
  EXPECT_EQ(links_["up0"].kind, "veth");
  EXPECT_TRUE(links_["up0"].up);
  EXPECT_TRUE(links_["lo"].loopback);
  EXPECT_TRUE(addresses_.contains("up0 192.0.2.1/24"));
  EXPECT_TRUE(routes_.contains("254 0.0.0.0/0 via 192.0.2.254 dev up0 metric 0"));
  ASSERT_TRUE(neighbors_.contains("up0 192.0.2.254"));
  EXPECT_EQ(neighbors_["up0 192.0.2.254"].state, NUD_PERMANENT);
}

TEST_F(HostSource, TellsPreferredSourcesAndWhichAddressesTheKernelWouldNotChoose) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && sysctl -qw "
          "net.ipv4.conf.up0.promote_secondaries=1 && ip addr add 192.0.2.1/24 dev up0 && ip addr add 192.0.2.2/24 dev up0 && "
          "ip addr add 2001:db8::1/64 dev up0 nodad && ip addr add 2001:db8::2/64 dev up0 nodad preferred_lft 0 && "
          "ip route add default via 192.0.2.254 src 192.0.2.2"));

  start();

  EXPECT_EQ(routes_["254 0.0.0.0/0 via 192.0.2.254 dev up0 metric 0"].source, *base::parse_ip("192.0.2.2"));
  EXPECT_FALSE(addresses_["up0 192.0.2.1/24"].secondary);
  EXPECT_TRUE(addresses_["up0 192.0.2.2/24"].secondary);
  EXPECT_FALSE(addresses_["up0 2001:db8::1/64"].deprecated || addresses_["up0 2001:db8::1/64"].unusable);
  EXPECT_TRUE(addresses_["up0 2001:db8::2/64"].deprecated);
  ASSERT_TRUE(run("ip addr del 192.0.2.1/24 dev up0 && ip route replace default via 192.0.2.254"));
  EXPECT_TRUE(eventually([this] {
    return !addresses_["up0 192.0.2.2/24"].secondary && routes_["254 0.0.0.0/0 via 192.0.2.254 dev up0 metric 0"].source.is_unspecified();
  }));
}

TEST_F(HostSource, TellsOfChainsOnTheForwardHookAndWhetherTheyDoAnything) {
  if (!run("iptables-nft -N probe 2>/dev/null")) GTEST_SKIP() << "needs iptables-nft and nftables in the kernel";
  ASSERT_TRUE(run("ip6tables-legacy -P FORWARD DROP"));
  start();
  ASSERT_TRUE(chains_.contains("legacy ip6 filter FORWARD"));
  EXPECT_TRUE(chains_["legacy ip6 filter FORWARD"].drops);
  EXPECT_FALSE(chains_["legacy ip6 filter FORWARD"].has_rules);

  auto has_rules = [this](bool wanted) {
    return eventually([&] { return chains_.contains("ip filter FORWARD") && chains_["ip filter FORWARD"].has_rules == wanted; });
  };
  ASSERT_TRUE(run("iptables-nft -A FORWARD -m conntrack --ctstate INVALID -j DROP"));
  EXPECT_TRUE(has_rules(true));
  ASSERT_TRUE(run("iptables-nft -F FORWARD"));
  EXPECT_TRUE(has_rules(false));
  EXPECT_FALSE(chains_.at("ip filter FORWARD").is_in_the_way());
}

TEST_F(HostSource, TellsOfKubeProxysRulesInEachOfItsModesAndOfNobodyElses) {
  if (!run("iptables-nft -t nat -N probe 2>/dev/null")) GTEST_SKIP() << "needs iptables-nft and nftables in the kernel";
  ASSERT_TRUE(
      run("iptables-nft -t filter -N KUBE-SERVICES && iptables-legacy -t nat -N KUBE-MARK-MASQ && "
          "iptables-legacy -t nat -A OUTPUT -j KUBE-MARK-MASQ && "
          "ip6tables-legacy -t nat -N KUBE-SERVICES && ip6tables-legacy -t nat -A PREROUTING -j KUBE-SERVICES"));
  start();
  EXPECT_TRUE(kube_proxy_rules_.contains("ip6 iptables-legacy"));
  EXPECT_EQ(kube_proxy_rules_.size(), 1U);

  ASSERT_TRUE(run("iptables-nft -t nat -N KUBE-SERVICES"));
  EXPECT_TRUE(eventually([this] { return kube_proxy_rules_.contains("ip iptables"); }));
  ASSERT_TRUE(run("iptables-nft -t nat -X KUBE-SERVICES"));
  EXPECT_TRUE(eventually([this] { return !kube_proxy_rules_.contains("ip iptables"); }));

  if (!run("nft list tables 2>/dev/null")) return;
  ASSERT_TRUE(
      run("nft add table inet kube-proxy; nft add chain inet kube-proxy services; "
          "nft add table ip6 kube-proxy; nft add chain ip6 kube-proxy services"));
  EXPECT_TRUE(eventually([this] { return kube_proxy_rules_.contains("ip6 nftables"); }));
  EXPECT_EQ(kube_proxy_rules_.size(), 2U);
}

TEST_F(HostSource, ChainsOfOtherHooksAndFamiliesAreNoForwardChains) {
  if (!run("nft list tables 2>/dev/null")) GTEST_SKIP() << "needs nftables in the kernel";
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1;"
          "nft -f - <<'N'\n"
          "table bridge b { chain forward { type filter hook forward priority 0; policy drop; }; }\n"
          "table netdev d { chain forward { type filter hook ingress device up0 priority 0; policy drop; }; }\n"
          "table arp a { chain forward { type filter hook input priority 0; policy drop; }; }\n"
          "table inet i { chain forward { type filter hook postrouting priority 0; policy drop; }; chain jumped { drop; }; }\n"
          "table inet j { chain judge { type filter hook forward priority 0; policy drop; }; }\n"
          "N"));
  start();

  ASSERT_EQ(chains_.size(), 1U);
  EXPECT_EQ(chains_.begin()->first, "inet j judge");
  EXPECT_TRUE(chains_.begin()->second.drops);
  EXPECT_FALSE(chains_.begin()->second.has_rules);
}

// A proxy that rewrites all its rules without a pause.
TEST_F(HostSource, AFloodOfChainsCostsLittleAndHidesNothing) {
  if (!run("nft list tables 2>/dev/null")) GTEST_SKIP() << "needs nftables in the kernel";
  start();
  auto cpu_of = [](int who) {
    rusage used{};
    getrusage(who, &used);
    return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  };
  auto own = cpu_of(RUSAGE_SELF), others = cpu_of(RUSAGE_CHILDREN);

  ASSERT_TRUE(
      run("{ echo 'table inet proxy { }; delete table inet proxy; table inet proxy { chain forward {"
          " type filter hook forward priority 0; ct state invalid drop; };';"
          "  for chain in $(seq 2000); do echo \"chain service-$chain { counter accept; };\"; done; echo '}'; } >/tmp/rules.$$;"
          "for round in $(seq 10); do nft -f /tmp/rules.$$ || exit 1; done; rm /tmp/rules.$$"));

  EXPECT_TRUE(eventually([this] { return chains_.contains("inet proxy forward"); }));
  own = cpu_of(RUSAGE_SELF) - own, others = cpu_of(RUSAGE_CHILDREN) - others;
  EXPECT_LT(own * 5, others) << own.count() << " us of CPU beside " << others.count() << " us of who makes them";
  ASSERT_TRUE(run("nft delete table inet proxy"));
  EXPECT_TRUE(eventually([this] { return chains_.empty(); }));
}

TEST_F(HostSource, ALinksReversePathFilterIsTheGreaterOfItsOwnAndThatOfAll) {
  ASSERT_TRUE(run("ip link add up0 type veth peer name up1 && sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.up0.rp_filter=1"));
  start();
  EXPECT_EQ(links_["up0"].rp_filter, 1);

  ASSERT_TRUE(run("sysctl -qw net.ipv4.conf.all.rp_filter=2"));
  EXPECT_TRUE(eventually([this] { return links_["up0"].rp_filter == 2 && links_["up1"].rp_filter == 2; }));
  ASSERT_TRUE(run("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.up0.rp_filter=0"));
  EXPECT_TRUE(eventually([this] { return links_["up0"].rp_filter == 0; }));
}

TEST_F(HostSource, ALinkThatLosesItsDefaultRouteIsNamedUntilOneComesBack) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0 && "
          "ip route add default via 192.0.2.254 && ip route add default dev up1 table 180"));
  start();
  EXPECT_TRUE(lost_default_routes_.empty());

  ASSERT_TRUE(run("ip route add unreachable default metric 9000 && ip route del unreachable default metric 9000"));
  ASSERT_TRUE(run("ip route del default table 180 && ip route del default"));
  EXPECT_TRUE(eventually([this] { return lost_default_routes_.contains("up0"); }));
  EXPECT_EQ(lost_default_routes_.size(), 1U) << "neither one of another table nor one without a link is lost";
  ASSERT_TRUE(run("ip route add default via 192.0.2.254"));
  EXPECT_TRUE(eventually([this] { return lost_default_routes_.empty(); }));
}

TEST_F(HostSource, FollowsChangesAndSaysThatTheHostChanged) {
  start();
  host_changed_ = false;

  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0"));

  EXPECT_TRUE(
      eventually([this] { return addresses_.contains("up0 192.0.2.1/24") && routes_.contains("254 192.0.2.0/24 dev up0 metric 0"); }));
  EXPECT_TRUE(host_changed_);
}

TEST_F(HostSource, RenamesAllThatHangsOnARenamedLink) {
  ASSERT_TRUE(run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip addr add 192.0.2.1/24 dev up0"));
  start();

  ASSERT_TRUE(run("ip link set up0 name new0 && ip link set new0 up"));

  EXPECT_TRUE(
      eventually([this] { return addresses_.contains("new0 192.0.2.1/24") && routes_.contains("254 192.0.2.0/24 dev new0 metric 0"); }));
  EXPECT_FALSE(links_.contains("up0"));
  EXPECT_FALSE(addresses_.contains("up0 192.0.2.1/24"));
}

TEST_F(HostSource, KeepsApartLinksThatSwapNames) {
  ASSERT_TRUE(run("ip link add a0 type veth peer name b0 && ip addr add 192.0.2.1/24 dev a0 && ip addr add 198.51.100.1/24 dev b0"));
  start();

  ASSERT_TRUE(run("ip link set a0 name c0 && ip link set b0 name a0 && ip link set c0 name b0"));

  EXPECT_TRUE(eventually([this] { return addresses_.contains("b0 192.0.2.1/24") && addresses_.contains("a0 198.51.100.1/24"); }));
  EXPECT_TRUE(agrees_with_a_new_one());
}

TEST_F(HostSource, NoticesRoutesThatTheKernelDropsWithoutAWord) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0 && "
          "ip addr add 192.0.2.7/32 dev up0 && ip route add 10.0.0.0/8 via 192.0.2.2 && ip route add 10.1.0.0/16 dev lo src 192.0.2.7"));
  start();
  ASSERT_TRUE(routes_.contains("254 10.1.0.0/16 dev lo metric 0"));

  ASSERT_TRUE(run("ip addr del 192.0.2.7/32 dev up0"));
  EXPECT_TRUE(eventually([this] { return !routes_.contains("254 10.1.0.0/16 dev lo metric 0"); }));

  ASSERT_TRUE(run("ip link set up0 down"));
  EXPECT_TRUE(eventually([this] { return !routes_.contains("254 10.0.0.0/8 via 192.0.2.2 dev up0 metric 0"); }));
}

TEST_F(HostSource, ForgetsAReplacedRoute) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0 && "
          "ip route add 10.0.0.0/8 via 192.0.2.2"));
  start();

  ASSERT_TRUE(run("ip route replace 10.0.0.0/8 via 192.0.2.3"));

  EXPECT_TRUE(eventually([this] { return routes_.contains("254 10.0.0.0/8 via 192.0.2.3 dev up0 metric 0"); }));
  EXPECT_FALSE(routes_.contains("254 10.0.0.0/8 via 192.0.2.2 dev up0 metric 0"));
}

TEST_F(HostSource, AgreesWithTheKernelAfterAStormOfChanges) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && ip addr add 192.0.2.1/24 dev up0"));
  start();

  ASSERT_TRUE(
      run("for i in $(seq 200); do echo link add p$i type veth peer name q$i; echo link set p$i up; echo addr add 10.0.$i.1/24 dev p$i; "
          "echo route add 10.1.$i.0/24 via 192.0.2.2; done | ip -batch -"));
  ASSERT_TRUE(run("for i in $(seq 2 2 200); do echo route del 10.1.$i.0/24; echo link del p$i; done | ip -batch -"));

  EXPECT_TRUE(agrees_with_a_new_one());
  EXPECT_TRUE(links_.contains("p199"));
  EXPECT_FALSE(links_.contains("p200"));
}

// As after lost messages (ENOBUFS): everything is read again.
TEST_F(HostSource, TellsOnlyTheDifferenceWhenItReadsAgain) {
  ASSERT_TRUE(run("ip link add a0 type veth peer name b0 && ip addr add 192.0.2.1/24 dev a0"));
  auto netlink = io::kernel::Netlink::open();
  ASSERT_TRUE(netlink) << netlink.error().text;
  sources::HostTables tables;
  ASSERT_TRUE(tables.read_all(*netlink));
  fold(tables.take_changes());
  ASSERT_TRUE(run("ip link set a0 name c0 && ip link set c0 mtu 1400"));

  ASSERT_TRUE(tables.read_all(*netlink));
  auto changes = tables.take_changes();

  EXPECT_EQ(changes.size(), 4u);  // a0 and its address gone, c0 and its address come
  fold(changes);
  EXPECT_TRUE(agrees_with_a_new_one());
  ASSERT_TRUE(tables.read_all(*netlink));
  EXPECT_THAT(tables.take_changes(), testing::IsEmpty());
}

TEST_F(HostSource, IsSilentAboutWhatDoesNotMatter) {
  ASSERT_TRUE(
      run("ip link add up0 type veth peer name up1 && ip link set up1 up && ip link set up0 up && "
          "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 nud reachable dev up0"));
  start();
  ASSERT_TRUE(agrees_with_a_new_one());
  int before = neighbor_changes_;

  ASSERT_TRUE(
      run("for i in 1 2 3 4 5; do ip neigh change 192.0.2.9 lladdr 02:00:00:00:00:09 nud stale dev up0; "
          "ip neigh change 192.0.2.9 lladdr 02:00:00:00:00:09 nud reachable dev up0; ip link set up0 txqueuelen 50$i; done"));
  ASSERT_TRUE(run("ip link set up0 mtu 1400"));

  ASSERT_TRUE(eventually([this] { return links_["up0"].mtu == 1400; }));
  EXPECT_EQ(neighbor_changes_, before);
}

}  // namespace
