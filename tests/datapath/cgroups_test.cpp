// Where pods are in the tree of control groups, and sockets that are made there.
#include "io/kernel/cgroups.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/kernel/features.h"
#include "io/kernel/service_maps.h"
#include "model/abi_address.h"
#include "support/datapath.h"
#include "support/sockets.h"

namespace {

using namespace io::kernel;

// A group directly below the top of the tree, with what is in it.
class TopGroup {
 public:
  explicit TopGroup(const std::string& name) : path_(support::cgroup2_mount() + "/ichor-test-" + name + std::to_string(getpid())) {
    EXPECT_TRUE(open_cgroup(path_).ok());
  }
  ~TopGroup() {
    for (const auto& name : below_) rmdir((path_ + "/" + name).c_str());
    rmdir(path_.c_str());
  }
  void add(const std::string& name) {
    EXPECT_TRUE(open_cgroup(path_ + "/" + name).ok());
    below_.push_back(name);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<std::string> below_;
};

class Cgroups : public support::DatapathTest {
 protected:
  void SetUp() override {
    DatapathTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (support::cgroup2_mount().empty()) GTEST_SKIP() << "needs a cgroup2 tree";
  }
};

}  // namespace

TEST(CgroupPaths, DotsLeadOutOfTheNamespace) {
  EXPECT_TRUE(is_in_cgroup("/", "/"));
  EXPECT_TRUE(is_in_cgroup("/system/agent", "/"));
  EXPECT_TRUE(is_in_cgroup("/..hidden", "/"));
  EXPECT_FALSE(is_in_cgroup("/..", "/"));
  EXPECT_FALSE(is_in_cgroup("/../host", "/"));
  EXPECT_TRUE(is_in_cgroup("/../host", "/..")) << "the mount shows more than the namespace";
  EXPECT_FALSE(is_in_cgroup("/../..", "/.."));
  EXPECT_TRUE(is_in_cgroup("/host/init", "/host"));
  EXPECT_FALSE(is_in_cgroup("/hostile", "/host"));
  EXPECT_FALSE(is_in_cgroup("/pods", "/host"));
}

TEST_F(Cgroups, PodsAreAtTheTopUntilTheKubeletHasMadeTheirGroup) {
  TopGroup nested("nested-");

  auto before = find_pods_cgroup(nested.path());
  ASSERT_TRUE(before.ok()) << before.error().text;
  EXPECT_EQ(before->path, support::cgroup2_mount());
  EXPECT_FALSE(before->has_pods);
  EXPECT_FALSE(*cgroup_covers(nested.path(), before->path));
  EXPECT_FALSE(try_pods_cgroup(nested.path()).ok());

  nested.add("kubelet-kubepods.slice");
  auto after = find_pods_cgroup(nested.path());
  ASSERT_TRUE(after.ok()) << after.error().text;
  EXPECT_EQ(after->path, nested.path());
  EXPECT_TRUE(after->has_pods);
  EXPECT_TRUE(*cgroup_covers(nested.path(), after->path));
  EXPECT_TRUE(*cgroup_covers(support::cgroup2_mount(), after->path));
}

TEST_F(Cgroups, PlaceThatIsNoCgroupIsAnError) {
  auto found = find_pods_cgroup("/proc");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().text, "/proc: no cgroup2 file system");
}

TEST_F(Cgroups, SocketMeetsTheProgramsOfTheGroupThatItIsMadeIn) {
  attach_sockets();
  if (IsSkipped() || HasFatalFailure()) return;
  const support::Endpoint frontend{*base::parse_ip("10.96.0.10"), 80};
  PinnedServiceMaps maps(bpf_root_);
  ASSERT_TRUE(maps.open().ok());
  ASSERT_TRUE(maps.set_handle(1, service_handle_pack(0, 0, 1)).ok());
  ASSERT_TRUE(maps.put_frontend({model::to_abi(frontend.ip), htons(frontend.port), IPPROTO_TCP, 0}, {.callers = 1, .arrivals = 0}).ok());
  TopGroup beside("beside-");

  for (bool covered : {true, false}) {
    auto group = open_cgroup(covered ? cgroup_->path() : beside.path());
    ASSERT_TRUE(group.ok()) << group.error().text;
    auto socket = make_tcp_socket(group->get(), -1, AF_INET);
    ASSERT_TRUE(socket.ok()) << socket.error().text;

    EXPECT_EQ(*has_connect_program(group->get(), "connect4"), covered);
    EXPECT_EQ(support::connect_to(*socket, AF_INET, frontend), covered ? ECONNREFUSED : ENETUNREACH);
  }
}

// As after a service manager's cgroup.kill, when the group is used again.
TEST_F(Cgroups, SocketIsMadeAlsoFromAGroupThatWasOnceKilled) {
  TopGroup own("killed-"), beside("beside-");
  auto here = open_cgroup(own.path()), there = open_cgroup(beside.path());
  ASSERT_TRUE(here.ok() && there.ok());
  ASSERT_TRUE(support::run("echo 1 >" + own.path() + "/cgroup.kill"));

  pid_t child = fork();
  if (child == 0) {
    bool moved = support::run("echo " + std::to_string(getpid()) + " >" + own.path() + "/cgroup.procs");
    _exit(moved && make_tcp_socket(there->get(), -1, AF_INET).ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(Cgroups, SocketThatCannotBeMadeLeavesNoProcessAndSaysWhy) {
  TopGroup group("gone-");
  auto open = open_cgroup(group.path());
  ASSERT_TRUE(open.ok());

  auto unknown_family = make_tcp_socket(open->get(), -1, 200);
  ASSERT_FALSE(unknown_family.ok());
  EXPECT_EQ(unknown_family.error().code, EAFNOSUPPORT);
  EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1) << "a child is left";
  ASSERT_EQ(rmdir(group.path().c_str()), 0) << "somebody is in it";
  EXPECT_FALSE(make_tcp_socket(open->get(), -1, AF_INET).ok());
}
