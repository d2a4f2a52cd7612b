#include "support/datapath.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <mntent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "io/kernel/attachments.h"
#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/datapath_object.h"

namespace support {
namespace {

std::string own_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "/";
}

bool enter_cgroup(const std::string& path) { return static_cast<bool>(std::ofstream(path + "/cgroup.procs") << getpid() << std::flush); }

// Waits for the end of the process that holds the pipe's other end; that leaves its cgroup a moment later.
[[noreturn]] void remove_after(int pipe, const char* path) {
  constexpr int kTries = 1000, kPauseMicroseconds = 5000;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  char byte;
  while (read(pipe, &byte, 1) != 0) continue;
  for (int i = 0; i < kTries && rmdir(path) != 0 && errno == EBUSY; ++i) usleep(kPauseMicroseconds);
  _exit(0);
}

}  // namespace

std::string cgroup2_mount() {
  std::string path;
  FILE* mounts = setmntent("/proc/self/mounts", "r");
  while (const mntent* mount = getmntent(mounts))
    if (std::string_view(mount->mnt_type) == "cgroup2") path = mount->mnt_dir;
  endmntent(mounts);
  return path;
}

OwnCgroup::OwnCgroup() {
  std::string mount = cgroup2_mount();
  if (mount.empty()) return;
  home_ = mount + own_cgroup();
  std::string path = home_ + "/ichor-test-" + std::to_string(getpid());
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
  base::Fd watched(pipe_ends[0]);
  alive_ = base::Fd(pipe_ends[1]);
  if (mkdir(path.c_str(), 0755) != 0) return;
  remover_ = fork();
  if (remover_ == 0) {
    alive_ = base::Fd();
    remove_after(watched.get(), path.c_str());
  }
  if (remover_ > 0 && enter_cgroup(path)) path_ = path;
}

OwnCgroup::~OwnCgroup() {
  if (!path_.empty()) enter_cgroup(home_);
  alive_ = base::Fd();
  if (remover_ > 0) waitpid(remover_, nullptr, 0);
}

void DatapathTest::SetUp() {
  NetnsTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(unshare(CLONE_NEWNS), 0) << strerror(errno);
  ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
  ASSERT_EQ(mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0) << strerror(errno);
}

void DatapathTest::TearDown() {
  cgroup_.reset();
  if (!IsSkipped()) umount2("/sys/fs/bpf", MNT_DETACH);
  NetnsTest::TearDown();
}

model::desired::DatapathObject DatapathTest::object_of(uint32_t services, const datapath_config& config) {
  return {.generation = model::desired::generation_of(io::kernel::program_generation(), config),
          .config = config,
          .maps = {{"affinities", 512},
                   {"arrival_affinities", 64},
                   {"backends", 1024},
                   {"flows", 64},
                   {"fragments", 64},
                   {"frontend_addresses", 4096},
                   {"frontend_sets", 4 * services},
                   {"masquerade_sources", 256},
                   {"node_addresses", 64},
                   {"pod_sources", 256},
                   {"pods", 256},
                   {"service_sets", services},
                   {"set_hashes", services},
                   {"set_options", services},
                   {"set_slots", 4096},
                   {"source_ranges", 64},
                   {"unmasqueraded", 1024}}};
}

void DatapathTest::load_datapath(const datapath_config& config) {
  io::kernel::DatapathObjectStore store(bpf_root_);
  auto put = store.put(object_of(64, config), nullptr);
  ASSERT_TRUE(put) << put.error().text;
}

void DatapathTest::attach_sockets(const datapath_config& config) {
  load_datapath(config);
  cgroup_.emplace();
  if (cgroup_->path().empty()) GTEST_SKIP() << "needs a cgroup2 tree";
  io::kernel::AttachmentStore attachments(bpf_root_);
  for (const auto& facts : model::desired::kHooks) {
    if (facts.target != model::desired::HookTarget::kCgroup) continue;
    auto put = attachments.put({.hook = facts.hook, .target = cgroup_->path(), .generation = object_of(0, config).generation}, nullptr);
    ASSERT_TRUE(put.ok()) << put.error().text;
  }
}

void AttachedSocketsTest::SetUp() {
  DatapathTest::SetUp();
  if (!IsSkipped() && !HasFatalFailure()) attach_sockets();
}

uint64_t DatapathTest::drops(uint32_t reason) {
  std::vector<uint64_t> lanes(libbpf_num_possible_cpus());
  auto fd = io::kernel::open_map(bpf_root_, "drops");
  EXPECT_EQ(bpf_map_lookup_elem(fd->get(), &reason, lanes.data()), 0);
  uint64_t sum = 0;
  for (uint64_t lane : lanes) sum += lane;
  return sum;
}

}  // namespace support
