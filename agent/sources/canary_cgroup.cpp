#include "sources/canary_cgroup.h"

#include <unistd.h>

#include "io/kernel/cgroups.h"
#include "model/desired/hook.h"

namespace sources {
namespace {

constexpr const char* kName = "/ichor-canary";
constexpr const char* kProgram = facts_of(model::desired::Hook::kConnect4).name;

}  // namespace

base::Result<bool> CanaryCgroup::find() {
  std::string path = TRY_IN(io::kernel::find_pods_cgroup(cgroup_root_), "cgroup.hostRoot").path;
  if (path == path_ && group_) return false;
  leave();
  path_ = path;
  auto made = io::kernel::open_cgroup(path_ + kName);
  entered_ = made.ok();
  if (made.ok()) return group_ = std::move(*made), true;
  const int code = made.error().code;
  if (code != EACCES && code != EPERM && code != EROFS) return base::with_context(made.error(), "the canary's control group");
  // The top of the tree can be written with CAP_DAC_OVERRIDE alone, which is not kept. Then the programs of that place are looked at.
  group_ = TRY_IN(io::kernel::open_cgroup(path_), "the pods' control group");
  return true;
}

std::string CanaryCgroup::fault() const {
  auto met = io::kernel::has_connect_program(group_.get(), kProgram);
  if (!met) return met.error().text;
  const std::string place = path_ + (entered_ ? kName : "");
  return *met ? "" : "no socket program runs for " + place + ", beside the pods; they are put on cgroup.hostRoot, " + cgroup_root_;
}

void CanaryCgroup::leave() {
  group_ = {};
  if (entered_) rmdir((path_ + kName).c_str());
  entered_ = false;
}

}  // namespace sources
