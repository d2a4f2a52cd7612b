#include "io/kernel/cgroups.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

namespace io::kernel {
namespace {

constexpr uint64_t kRootCgroupId = 1;  // its inode too, in every mount of it
constexpr int kLevelsToPods = 2;       // NAME.slice/NAME-kubepods.slice at most

bool is_cgroup2(const std::string& path) {
  struct statfs facts;
  return statfs(path.c_str(), &facts) == 0 && facts.f_type == CGROUP2_SUPER_MAGIC;
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

base::Result<std::string> real_path(const std::string& path) {
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved)) return base::errno_error(path);
  return std::string(resolved);
}

// On a 64-bit kernel the inode of a group is its id.
base::Result<uint64_t> cgroup_id(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return base::errno_error(path);
  return static_cast<uint64_t>(facts.st_ino);
}

base::Result<std::string> top_of_mount(const std::string& cgroup_root) {
  std::string top = TRY(real_path(cgroup_root));
  if (!is_cgroup2(top)) return base::Error{EINVAL, cgroup_root + ": no cgroup2 file system"};
  while (is_cgroup2(parent_of(top))) top = parent_of(top);
  return top;
}

// What of the tree the mount shows; "/" where that cannot be found out.
std::string root_of_mount(const std::string& top) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string root = "/";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, device, shown, at;
    words >> id >> parent >> device >> shown >> at;
    if (at == top) root = shown;  // the last one mounted is the one that is seen
  }
  return root;
}

std::string cgroup_of_process(const std::string& pid) {
  std::ifstream groups("/proc/" + pid + "/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "";
}

std::vector<std::string> groups_in(const std::string& path) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, decltype(&closedir)> directory(opendir(path.c_str()), &closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  return names;
}

// The kubelet's names, by the cgroupfs and the systemd driver.
bool is_pods_group(const std::string& name) { return name == "kubepods" || name == "kubepods.slice" || name.ends_with("-kubepods.slice"); }

std::string directory_with_pods(const std::string& path, int levels) {
  auto names = groups_in(path);
  for (const auto& name : names)
    if (is_pods_group(name)) return path;
  for (const auto& name : names) {
    std::string found = levels > 1 ? directory_with_pods(path + "/" + name, levels - 1) : "";
    if (!found.empty()) return found;
  }
  return "";
}

// In the child: system calls only, since the process's other threads are not in it. The value is an errno.
int put_socket(int number, int netns, int family) {
  if (netns >= 0 && syscall(SYS_setns, netns, CLONE_NEWNET) != 0) return errno;
  long made = syscall(SYS_socket, family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return errno;
  int error = syscall(SYS_dup3, made, number, O_CLOEXEC) < 0 ? errno : 0;
  syscall(SYS_close, made);
  return error;
}

}  // namespace

bool is_in_cgroup(std::string_view path, std::string_view root) {
  auto begins_with = [&path](std::string_view front) {
    return path.starts_with(front) && (path.size() == front.size() || path[front.size()] == '/');
  };
  if (root != "/") {
    if (!begins_with(root)) return false;
    path.remove_prefix(root.size());
  }
  return !begins_with("/..");
}

base::Result<PodsCgroup> find_pods_cgroup(const std::string& cgroup_root) {
  std::string top = TRY(top_of_mount(cgroup_root));
  PodsCgroup pods{directory_with_pods(top, kLevelsToPods), true, TRY(cgroup_id(top)) == kRootCgroupId};
  if (!pods.path.empty()) return pods;
  pods = {top, false, pods.whole_tree};
  std::string first = cgroup_of_process("1");
  if (pods.whole_tree || first.empty() || is_in_cgroup(first, root_of_mount(top))) return pods;
  return base::Error{ENOENT, top + " shows a part of the control groups only: process 1 is in " + first +
                                 ", and no pods (kubepods, kubepods.slice) are inside"};
}

base::Result<bool> cgroup_covers(const std::string& cgroup_root, const std::string& path) {
  uint64_t root = TRY(cgroup_id(cgroup_root));
  for (std::string group = TRY(real_path(path)); is_cgroup2(group); group = parent_of(group))
    if (TRY(cgroup_id(group)) == root) return true;
  return false;
}

base::Result<base::Fd> open_cgroup(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return base::errno_error("make " + path);
  base::Fd group(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) return base::errno_error(path);
  return group;
}

base::Result<bool> has_connect_program(int cgroup, std::string_view name) {
  std::array<uint32_t, 64> ids{};
  uint32_t count = ids.size();
  if (bpf_prog_query(cgroup, BPF_CGROUP_INET4_CONNECT, BPF_F_QUERY_EFFECTIVE, nullptr, ids.data(), &count) != 0 && errno != ENOSPC)
    return base::errno_error("programs of a control group");
  for (uint32_t i = 0; i < std::min<uint32_t>(count, ids.size()); ++i) {
    base::Fd program(bpf_prog_get_fd_by_id(ids[i]));
    bpf_prog_info facts = {};
    uint32_t size = sizeof facts;
    if (program && bpf_prog_get_info_by_fd(program.get(), &facts, &size) == 0 && name == facts.name) return true;
  }
  return false;
}

// A process's sockets are of its group, and threads of one process cannot be in several. So a child is born there, puts a socket into the
// table of descriptors that it shares, and ends.
base::Result<base::Fd> make_tcp_socket(int cgroup, int netns, int family) {
  base::Fd socket(eventfd(0, EFD_CLOEXEC));  // the number that the socket will have
  if (!socket) return base::errno_error("eventfd");
  clone_args arguments = {};
  arguments.flags = CLONE_INTO_CGROUP | CLONE_FILES;
  arguments.cgroup = static_cast<uint64_t>(cgroup);
  auto child = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (child < 0) return base::errno_error("make a process in another control group");
  if (child == 0) _exit(put_socket(socket.get(), netns, family));
  int status = 0;
  while (waitpid(child, &status, __WALL) < 0)
    if (errno != EINTR) return base::errno_error("wait for the process in another control group");
  if (!WIFEXITED(status)) return base::Error{EINTR, "the process in another control group was ended"};
  if (WEXITSTATUS(status) != 0) return base::system_error(WEXITSTATUS(status), "socket in another control group");
  return socket;
}

}  // namespace io::kernel
