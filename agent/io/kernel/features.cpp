#include "io/kernel/features.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "io/kernel/capabilities.h"
#include "io/kernel/cgroups.h"
#include "io/kernel/sysctls.h"

namespace io::kernel {
namespace {

// The path itself or the nearest one above it that exists.
std::string existing(std::filesystem::path path) {
  std::error_code ignored;
  while (path.has_relative_path() && !std::filesystem::exists(path, ignored)) path = path.parent_path();
  return path.empty() ? "." : path.string();
}

base::Result<void> expect_filesystem(const std::string& path, long magic, const std::string& name) {
  struct statfs found;
  if (statfs(path.c_str(), &found) != 0) return base::errno_error(path);
  if (found.f_type != magic) return base::Error{ENOTSUP, path + " is not on " + name};
  return {};
}

}  // namespace

base::Result<std::string> try_release() {
  utsname name;
  uname(&name);
  int major = 0, minor = 0;
  std::string release = name.release;
  if (std::sscanf(name.release, "%d.%d", &major, &minor) != 2 || std::pair(major, minor) < std::pair(6, 12))
    return base::Error{ENOTSUP, "Linux " + release + " is older than 6.12"};
  return "Linux " + release;
}

base::Result<std::string> try_btf() {
  const std::string path = "/sys/kernel/btf/vmlinux";
  std::error_code code;
  auto size = std::filesystem::file_size(path, code);
  if (code) return base::system_error(code.value(), path);
  return path + ", " + std::to_string(size / 1024) + " KiB";
}

base::Result<std::string> try_capabilities() {
  auto missing = missing_capabilities(own_capabilities());
  if (!missing.empty()) return base::Error{EPERM, "missing: " + base::join(missing, " ")};
  std::vector<std::string> present;
  for (const auto& capability : needed_capabilities()) present.emplace_back(capability.name);
  return base::join(present, " ");
}

base::Result<std::string> try_bpf_filesystem(const std::string& bpf_root) {
  std::string path = existing(bpf_root);
  TRY(expect_filesystem(path, BPF_FS_MAGIC, "a bpf file system"));
  return path;
}

base::Result<std::string> try_cgroup2(const std::string& cgroup_root) {
  TRY(expect_filesystem(cgroup_root, CGROUP2_SUPER_MAGIC, "cgroup2"));
  return cgroup_root;
}

base::Result<std::string> try_pods_cgroup(const std::string& cgroup_root) {
  PodsCgroup pods = TRY(find_pods_cgroup(cgroup_root));
  if (!TRY(cgroup_covers(cgroup_root, pods.path)))
    return base::Error{EINVAL, "programs on " + cgroup_root + " do not run for sockets of pods, which are in " + pods.path};
  const char* remark = pods.has_pods ? ", pods among it" : pods.whole_tree ? "" : ", a part of the tree: pods elsewhere would not be seen";
  return "programs on " + cgroup_root + " run for what is in " + pods.path + remark;
}

base::Result<std::string> try_sysctl(const std::vector<std::string>& path) {
  const std::string name = base::join(path, ".");
  std::string value = TRY(read_sysctl("/proc/sys", path));
  base::Fd file(open(("/proc/sys/" + base::join(path, "/")).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), value.data(), value.size()) < 0)
    return base::errno_error(name + " is " + value + " and cannot be written");
  return name + " is " + value + " and can be written";
}

base::Result<std::string> try_directory(const std::string& path) {
  std::string where = existing(path);
  std::string file = where + "/.ichor-check-XXXXXX";
  base::Fd made(mkstemp(file.data()));
  if (!made) return base::errno_error(path + ": no file can be made in " + where);
  unlink(file.c_str());
  return where == path ? path : path + " (to be made in " + where + ")";
}

}  // namespace io::kernel
