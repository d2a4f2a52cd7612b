// Kernel features that ichor needs, each by trying it in a place of its own: what a configuration file promises, a security module or
// a container may still refuse. The value says what was seen. Nothing is left behind. Used by the verb check.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace io::kernel {

base::Result<std::string> try_release();  // 6.12 or newer
base::Result<std::string> try_btf();
base::Result<std::string> try_capabilities();
base::Result<std::string> try_bpf_filesystem(const std::string& bpf_root);  // at or above the path
base::Result<std::string> try_cgroup2(const std::string& cgroup_root);
// Whether programs on that group run for the sockets of pods.
base::Result<std::string> try_pods_cgroup(const std::string& cgroup_root);

base::Result<std::string> try_veth();     // with its peer made in another namespace
base::Result<std::string> try_netkit();   // likewise, with a program on its hook
base::Result<std::string> try_cls_bpf();  // on clsact
base::Result<std::string> try_tcx();
base::Result<std::string> try_cgroup_link(const std::string& cgroup_root);  // in a cgroup made below it
base::Result<std::string> try_socket_storage();
base::Result<std::string> try_mapped_array();

// Writes the value that is there; net settings are of the calling thread's network namespace.
base::Result<std::string> try_sysctl(const std::vector<std::string>& path);
// Makes and removes a file in the directory, or in the nearest one above that exists.
base::Result<std::string> try_directory(const std::string& path);

}  // namespace io::kernel
