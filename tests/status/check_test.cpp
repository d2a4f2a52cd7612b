// The preflight on this machine: what it tries must work here, and nothing may stay behind.
#include "status/check.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace status {
namespace {

using testing::HasSubstr;

std::string cgroup2_mount() {
  std::ifstream mounts("/proc/mounts");
  std::string device, place, type, rest;
  while (mounts >> device >> place >> type && std::getline(mounts, rest))
    if (type == "cgroup2") return place;
  return "/sys/fs/cgroup";
}

const Finding& named(const std::vector<Finding>& findings, const std::string& name) {
  for (const auto& finding : findings)
    if (finding.name == name) return finding;
  static const Finding kNone;
  return kNone;
}

class StatusCheck : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: the preflight tries kernel features, which needs root";
    ASSERT_NE(mkdtemp(dir_.data()), nullptr);
    request_ = {dir_ + "/bpf", cgroup2_mount(), dir_ + "/state", dir_ + "/run", dir_ + "/cni", {}};
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string dir_ = testing::TempDir() + "ichor-check-test-XXXXXX";
  CheckRequest request_;
};

TEST_F(StatusCheck, EachFeatureOfTheKernelThatIsTriedHereWorks) {
  auto findings = check(request_);

  for (const char* name : {"kernel", "capabilities", "cgroup2", "veth", "cls_bpf", "tcx", "cgroup_link", "socket_storage", "mapped_array",
                           "program", "state_dir", "run_dir", "cni_conf_dir", "settings"})
    EXPECT_EQ(named(findings, name).verdict, Verdict::kOk) << name << ": " << named(findings, name).text;
}

TEST_F(StatusCheck, APlaceThatIsNoBpfFileSystemFailsWithAdvice) {
  auto findings = check(request_);

  EXPECT_EQ(named(findings, "bpf_filesystem").verdict, Verdict::kFail);
  EXPECT_THAT(named(findings, "bpf_filesystem").advice, HasSubstr("mount -t bpf"));
  EXPECT_FALSE(passed(findings));
  EXPECT_THAT(findings_text(findings), HasSubstr("1 failed: ichor cannot run here as it is\n"));
}

TEST_F(StatusCheck, NothingStaysBehind) {
  auto entries = [](const std::string& path) {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) count += entry.path().filename().string().find("ichor-check-") == 0;
    return count;
  };
  size_t before = entries(request_.cgroup_root);

  check(request_);

  EXPECT_EQ(entries(request_.cgroup_root), before);
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(StatusCheck, AnErrorOfTheSettingsFailsAndIsShownWithItsPlace) {
  request_.settings_errors = {{"values.yaml:3", "unknown key loadBalancr", "did you mean loadBalancer?"}};

  auto text = findings_text(check(request_));

  EXPECT_THAT(text, HasSubstr("FAIL  settings        values.yaml:3: unknown key loadBalancr\n      advice: did you mean loadBalancer?\n"));
}

TEST_F(StatusCheck, AMissingCgroupRootIsNamed) {
  request_.cgroup_root = dir_ + "/nowhere";

  auto findings = check(request_);

  EXPECT_EQ(named(findings, "cgroup2").verdict, Verdict::kFail);
  EXPECT_THAT(named(findings, "cgroup2").text, HasSubstr(dir_ + "/nowhere"));
}

}  // namespace
}  // namespace status
