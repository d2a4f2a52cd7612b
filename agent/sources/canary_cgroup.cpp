#include "sources/canary_cgroup.h"

#include <unistd.h>

#include "io/kernel/cgroups.h"

namespace sources {
namespace {

constexpr const char* kName = "/ichor-canary";
constexpr const char* kProgram = "connect4";  // of bpf/programs/socket.bpf.c

}  // namespace

base::Result<void> CanaryCgroup::find() {
  std::string path = TRY_IN(io::kernel::find_pods_cgroup(cgroup_root_), "cgroup.hostRoot").path + kName;
  if (path != path_) leave();
  path_ = path;
  return {};
}

base::Result<void> CanaryCgroup::open() {
  group_ = TRY_IN(io::kernel::open_cgroup(path_), "the canary's control group");
  return {};
}

std::string CanaryCgroup::fault() const {
  auto met = io::kernel::has_connect_program(group_.get(), kProgram);
  if (!met) return met.error().text;
  return *met ? "" : "no socket program runs for " + path_ + ", beside the pods; they are put on cgroup.hostRoot, " + cgroup_root_;
}

void CanaryCgroup::leave() {
  group_ = {};
  if (!path_.empty()) rmdir(path_.c_str());
}

}  // namespace sources
