#include "io/kernel/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace io::kernel {
namespace {

// Measured with tests/netns on Linux 6.18: without either of them ADD fails, with no other the whole tier passes. BPF and PERFMON are not
// among them because SYS_ADMIN counts as both for bpf(2) (include/linux/bpf_verifier.h, kernel/bpf/token.c).
constexpr Capability kNeeded[] = {
    {CAP_NET_ADMIN, "NET_ADMIN", "links, routes, filters, and sysctls below net"},
    {CAP_SYS_ADMIN, "SYS_ADMIN", "entering pods' network namespaces; BPF programs and maps"},
};

uint64_t needed_bits() {
  uint64_t bits = 0;
  for (const auto& capability : kNeeded) bits |= uint64_t{1} << capability.number;
  return bits;
}

base::Result<void> set_thread(uint64_t bits) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) sets[i].effective = sets[i].permitted = static_cast<uint32_t>(bits >> (32 * i));
  if (::syscall(SYS_capset, &header, sets) != 0) return base::errno_error("capset");
  return {};
}

// The kernel may know more capabilities than this build does: EINVAL comes after its last.
base::Result<void> bound(uint64_t bits) {
  for (int number = 0; number < 64; ++number) {
    if (bits >> number & 1) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return {};
    return base::errno_error("bounding set");
  }
  return {};
}

}  // namespace

std::span<const Capability> needed_capabilities() { return kNeeded; }

Capabilities own_capabilities() {
  Capabilities found;
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    uint64_t* set = word == "CapInh:"   ? &found.inheritable
                    : word == "CapPrm:" ? &found.permitted
                    : word == "CapEff:" ? &found.effective
                    : word == "CapBnd:" ? &found.bounding
                    : word == "CapAmb:" ? &found.ambient
                                        : nullptr;
    if (set) status >> std::hex >> *set;
  }
  return found;
}

std::vector<std::string> missing_capabilities(const Capabilities& capabilities) {
  std::vector<std::string> missing;
  for (const auto& capability : kNeeded)
    if (!(capabilities.effective >> capability.number & 1)) missing.emplace_back(capability.name);
  return missing;
}

bool only_needed(const Capabilities& capabilities) {
  const uint64_t held = capabilities.permitted | capabilities.effective | capabilities.bounding;
  return (held & ~needed_bits()) == 0 && capabilities.inheritable == 0 && capabilities.ambient == 0;
}

base::Result<void> drop_other_capabilities() {
  const uint64_t kept = own_capabilities().permitted & needed_bits();
  auto bounded = bound(needed_bits());
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  TRY(set_thread(kept));
  return bounded;
}

}  // namespace io::kernel
