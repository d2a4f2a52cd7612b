#include "io/kernel/netkit.h"

#include <bpf/bpf.h>

#include <array>
#include <string>

#include "base/fd.h"

namespace io::kernel::netkit {
namespace {

base::Error refused(int code, const std::string& verb) { return base::system_error(-code, verb + " by netkit"); }

base::Result<bool> is_ours(uint32_t program) {
  base::Fd fd(bpf_prog_get_fd_by_id(program));
  if (!fd && errno == ENOENT) return false;  // gone meanwhile
  if (!fd) return base::errno_error("program " + std::to_string(program));
  bpf_prog_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_prog_get_info_by_fd(fd.get(), &facts, &size) != 0) return base::errno_error("program " + std::to_string(program));
  return std::string(kProgram) == facts.name;
}

}  // namespace

base::Result<uint32_t> program_on(uint32_t ifindex) {
  std::array<uint32_t, 64> ids{};  // the kernel's BPF_MPROG_MAX
  LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = ids.data(), .prog_cnt = ids.size());
  if (int code = bpf_prog_query_opts(static_cast<int>(ifindex), BPF_NETKIT_PEER, &query); code != 0) return refused(code, "queried");
  for (size_t i = 0; i < query.prog_cnt; ++i)
    if (TRY(is_ours(ids[i]))) return ids[i];
  return uint32_t{0};
}

base::Result<void> attach(uint32_t ifindex, int program_fd) {
  const uint32_t older = TRY(program_on(ifindex));
  base::Fd replaced(older ? bpf_prog_get_fd_by_id(older) : -1);
  LIBBPF_OPTS(bpf_prog_attach_opts, options, .flags = BPF_F_BEFORE);
  if (replaced) options.flags = BPF_F_REPLACE, options.replace_prog_fd = replaced.get();
  int code = bpf_prog_attach_opts(program_fd, static_cast<int>(ifindex), BPF_NETKIT_PEER, &options);
  if (code != 0 && code != -EEXIST) return refused(code, "attached");  // EEXIST: that very program is there
  return {};
}

base::Result<void> detach(uint32_t ifindex) {
  const uint32_t program = TRY(program_on(ifindex));
  base::Fd fd(program ? bpf_prog_get_fd_by_id(program) : -1);
  if (!fd) return {};
  int code = bpf_prog_detach_opts(fd.get(), static_cast<int>(ifindex), BPF_NETKIT_PEER, nullptr);
  if (code != 0 && code != -ENOENT) return refused(code, "detached");
  return {};
}

}  // namespace io::kernel::netkit
