// Control groups as sockets see them: where pods are in the tree, and sockets that belong to a group there. A socket meets the programs
// of the group in which the process that made it was, and of all groups above.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace io::kernel {

struct PodsCgroup {
  std::string path;         // the directory in which the kubelet keeps its pods
  bool has_pods = false;    // kubepods, kubepods.slice or NAME-kubepods.slice is there; else path is the top of what is mounted
  bool whole_tree = false;  // the top is the kernel's root: nothing is outside
};
// In the mount of cgroup2 that `cgroup_root` lies in. Error: process 1 is outside of it and no pods are inside, as for an agent in a cgroup
// namespace of its own.
base::Result<PodsCgroup> find_pods_cgroup(const std::string& cgroup_root);

// Whether programs on `cgroup_root` run for sockets of the group `path`: it is that one or above it.
base::Result<bool> cgroup_covers(const std::string& cgroup_root, const std::string& path);

// Made if it is not there.
base::Result<base::Fd> open_cgroup(const std::string& path);

// Whether a program of this name is among those that run at connect(2) of an IPv4 socket of this group.
base::Result<bool> has_connect_program(int cgroup, std::string_view name);

// A TCP socket of this group and network namespace (-1: the caller's), neither of which it can leave. Does not block.
base::Result<base::Fd> make_tcp_socket(int cgroup, int netns, int family);

// Of two paths as /proc/PID/cgroup and mountinfo write them, relative to the reader's cgroup namespace: "/.." leads out of it.
bool is_in_cgroup(std::string_view path, std::string_view root);

}  // namespace io::kernel
