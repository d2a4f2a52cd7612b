// Sysctls of a network namespace, and the words for one that cannot be written.
#include "io/kernel/sysctls.h"

#include <gmock/gmock.h>
#include <sys/mount.h>

#include "support/netns.h"

namespace {

using io::kernel::SysctlStore;
using model::desired::Sysctl;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kForwarding = {"net", "ipv4", "ip_forward"};

class KernelSysctls : public support::NetnsTest {};

Sysctl row(std::vector<std::string> path, std::string value, std::string only_from = "") {
  Sysctl row;
  row.path = std::move(path);
  row.value = std::move(value);
  row.only_from = std::move(only_from);
  return row;
}

TEST_F(KernelSysctls, AreWrittenAndListedAsTheyAreNow) {
  SysctlStore store;

  ASSERT_TRUE(store.put(row(kForwarding, "1"), nullptr));
  EXPECT_THAT(*store.list(), ElementsAre(row(kForwarding, "1")));

  ASSERT_TRUE(io::kernel::write_sysctl("/proc/sys", kForwarding, "0"));
  EXPECT_THAT(*store.list(), ElementsAre(row(kForwarding, "0")));
}

TEST_F(KernelSysctls, OfALinkWithADotInItsNameAreReached) {
  ASSERT_TRUE(support::run("ip link add eth.5 type veth peer name other"));

  auto written = SysctlStore().put(row({"net", "ipv4", "conf", "eth.5", "forwarding"}, "1"), nullptr);

  EXPECT_TRUE(written) << written.error().text;
}

TEST_F(KernelSysctls, AreLeftWhereTheOneValueToChangeDoesNotStand) {
  std::vector<std::string> path = {"net", "ipv6", "conf", "lo", "accept_ra"};
  Sysctl wish = row(path, "2", "1");
  SysctlStore store;

  ASSERT_TRUE(io::kernel::write_sysctl("/proc/sys", path, "0"));
  ASSERT_TRUE(store.put(wish, nullptr));
  EXPECT_EQ(*io::kernel::read_sysctl("/proc/sys", path), "0");
  EXPECT_THAT(*store.list(), ElementsAre(wish));

  ASSERT_TRUE(io::kernel::write_sysctl("/proc/sys", path, "1"));
  EXPECT_THAT(*store.list(), ElementsAre(row(path, "1", "1")));
  ASSERT_TRUE(store.put(wish, nullptr));
  EXPECT_EQ(*io::kernel::read_sysctl("/proc/sys", path), "2");
}

TEST_F(KernelSysctls, ThatDoNotExistAreNamed) {
  auto written = SysctlStore().put(row({"net", "ipv4", "conf", "nolink", "forwarding"}, "1"), nullptr);

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ENOENT);
  EXPECT_THAT(written.error().text, HasSubstr("net/ipv4/conf/nolink/forwarding"));
}

TEST_F(KernelSysctls, OnAReadOnlyMountSayWhatTheServiceSpecMustSet) {
  char root[] = "/tmp/sysctls-XXXXXX";
  ASSERT_TRUE(mkdtemp(root));
  std::string directory = root;
  ASSERT_TRUE(support::run("echo 0 > " + directory + "/setting"));
  bool mounted =
      mount(root, root, nullptr, MS_BIND, nullptr) == 0 && mount(root, root, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;

  auto written = SysctlStore(directory).put(row({"setting"}, "1"), nullptr);
  umount(root);
  support::run("rm -r " + directory);

  ASSERT_TRUE(mounted);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().text, testing::AllOf(HasSubstr("sysctl setting"), HasSubstr("readonlyPaths: []")));
}

}  // namespace
