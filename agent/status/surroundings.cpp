#include "status/surroundings.h"

#include "io/kernel/process.h"

namespace status {

Surroundings look_around(const std::string& bpf_root, UseCache& use) {
  Surroundings around{
      io::kernel::resident_bytes(), io::kernel::own_capabilities(), kernel_settings(), {}, use.get(bpf_root, base::boot_now())};
  if (auto packets = io::kernel::read_packet_counters(bpf_root); packets.ok()) around.packets = std::move(*packets);
  return around;
}

}  // namespace status
