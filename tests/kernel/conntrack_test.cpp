// What connection tracking is made to forget, in the real kernel.
#include "io/kernel/conntrack.h"

#include <gtest/gtest.h>

#include "support/builders.h"
#include "support/netns.h"

namespace {

using base::Family;
using support::ip;
using support::run;

struct Conntrack : support::NetnsTest {
  void SetUp() override {
    NetnsTest::SetUp();
    if (!insert("-p tcp -s 10.1.0.2 -d 192.0.2.1 --sport 1000 --dport 80 --state SYN_SENT"))
      GTEST_SKIP() << "needs conntrack(8) and connection tracking in the kernel";
  }
  static bool insert(const std::string& arguments) { return run("conntrack -I -t 60 " + arguments + " 2>/dev/null"); }
  static std::string sources(const std::string& family) {  // "PROTOCOL src=ADDRESS" of all that is tracked, sorted
    return support::output_of(
        "conntrack -L -f " + family +
        " 2>/dev/null | awk '{match($0, /src=[^ ]*/); print $1, substr($0, RSTART, RLENGTH)}' | sort | paste -sd ' '");
  }
};

bool is_pod(const base::Ip& address) { return address == ip("10.1.0.2") || address == ip("fd00:1::2"); }

}  // namespace

TEST_F(Conntrack, TheTcpConnectionsOfTheseAddressesAreForgottenAndNoOthers) {
  ASSERT_TRUE(insert("-p tcp -s 192.0.2.3 -d 10.1.0.2 --sport 1000 --dport 80 --state ESTABLISHED"));
  ASSERT_TRUE(insert("-p tcp -s 192.0.2.4 -d 192.0.2.1 --sport 1000 --dport 80 --state ESTABLISHED"));
  ASSERT_TRUE(insert("-p udp -s 192.0.2.5 -d 10.1.0.2 --sport 1000 --dport 80"));
  ASSERT_TRUE(insert("-p tcp -s 192.0.2.6 -d 10.1.0.2 --sport 1000 --dport 80 --state ESTABLISHED --src-nat 192.0.2.9"));
  ASSERT_TRUE(insert("-p tcp -s fd00:1::2 -d 2001:db8::1 --sport 1000 --dport 80 --state ESTABLISHED"));
  ASSERT_TRUE(insert("-p tcp -s 2001:db8::4 -d 2001:db8::1 --sport 1000 --dport 80 --state ESTABLISHED"));

  auto forgotten = io::kernel::forget_connections(Family::kIpv4, is_pod);

  ASSERT_TRUE(forgotten) << forgotten.error().text;
  EXPECT_EQ(sources("ipv4"), "tcp src=192.0.2.4 tcp src=192.0.2.6 udp src=192.0.2.5\n");
  EXPECT_EQ(sources("ipv6"), "tcp src=2001:db8::4 tcp src=fd00:1::2\n");
  ASSERT_TRUE(io::kernel::forget_connections(Family::kIpv6, is_pod));
  EXPECT_EQ(sources("ipv6"), "tcp src=2001:db8::4\n");
}

TEST_F(Conntrack, ThousandsAreForgottenInOneGo) {
  ASSERT_TRUE(
      run("for port in $(seq 2000 4999); do echo \"-I -p tcp -s 10.1.0.2 -d 192.0.2.1 --sport $port --dport 80 --state ESTABLISHED -t 60\";"
          "done | conntrack --load-file - >/dev/null 2>&1"));
  ASSERT_EQ(support::output_of("conntrack -C"), "3001\n");
  ASSERT_TRUE(io::kernel::forget_connections(Family::kIpv4, is_pod));
  EXPECT_EQ(support::output_of("conntrack -C"), "0\n");
}
