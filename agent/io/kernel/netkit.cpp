#include "io/kernel/netkit.h"

#include <bpf/bpf.h>

#include <array>
#include <string_view>

#include "base/fd.h"

namespace io::kernel::netkit {
namespace {

using model::desired::FilterSide;

// Both hang on the host's end, the primary one, which alone is in reach.
bpf_attach_type hook_of(FilterSide side) { return side == FilterSide::kFromPod ? BPF_NETKIT_PEER : BPF_NETKIT_PRIMARY; }

base::Error about(int code, FilterSide side, const char* verb) {
  return base::system_error(-code, std::string(program_of(side)) + " on netkit: " + verb);
}

base::Result<bool> is_named(uint32_t program, std::string_view name) {
  base::Fd fd(bpf_prog_get_fd_by_id(program));
  if (!fd && errno == ENOENT) return false;  // gone meanwhile
  if (!fd) return base::errno_error("program " + std::to_string(program));
  bpf_prog_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_prog_get_info_by_fd(fd.get(), &facts, &size) != 0) return base::errno_error("program " + std::to_string(program));
  return name == facts.name;
}

}  // namespace

const char* program_of(FilterSide side) { return side == FilterSide::kFromPod ? "netkit_egress" : "pod_ingress"; }

base::Result<uint32_t> program_on(uint32_t ifindex, FilterSide side) {
  std::array<uint32_t, 64> ids{};  // more than the kernel lets hang there
  LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = ids.data(), .prog_cnt = ids.size());
  if (int code = bpf_prog_query_opts(static_cast<int>(ifindex), hook_of(side), &query); code != 0) return about(code, side, "query");
  for (size_t i = 0; i < query.prog_cnt && i < ids.size(); ++i)
    if (TRY(is_named(ids[i], program_of(side)))) return ids[i];
  return uint32_t{0};
}

base::Result<void> attach(uint32_t ifindex, FilterSide side, int program_fd) {
  const uint32_t older = TRY(program_on(ifindex, side));
  base::Fd replaced(older ? bpf_prog_get_fd_by_id(older) : -1);
  LIBBPF_OPTS(bpf_prog_attach_opts, options, .flags = BPF_F_BEFORE);
  if (replaced) options.flags = BPF_F_REPLACE, options.replace_prog_fd = replaced.get();
  int code = bpf_prog_attach_opts(program_fd, static_cast<int>(ifindex), hook_of(side), &options);
  if (code != 0 && code != -EEXIST) return about(code, side, "attach");  // EEXIST: that very program is there
  return {};
}

base::Result<void> detach(uint32_t ifindex, FilterSide side) {
  base::Fd program(bpf_prog_get_fd_by_id(TRY(program_on(ifindex, side))));
  if (!program) return {};
  int code = bpf_prog_detach_opts(program.get(), static_cast<int>(ifindex), hook_of(side), nullptr);
  if (code != 0 && code != -ENOENT) return about(code, side, "detach");
  return {};
}

}  // namespace io::kernel::netkit
