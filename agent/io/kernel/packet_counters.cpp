#include "io/kernel/packet_counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <numeric>

#include "abi/drop_reasons.h"
#include "io/kernel/bpf_pins.h"

namespace io::kernel {
namespace {

base::Result<std::vector<uint64_t>> read_counters(const std::string& bpf_root, const std::string& name, uint32_t count) {
  base::Fd map = TRY(open_map(bpf_root, name));
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return base::system_error(-cpus, "number of CPUs");
  std::vector<uint64_t> of_cpus(cpus), sums(count);
  for (uint32_t index = 0; index < count; ++index) {
    if (bpf_map_lookup_elem(map.get(), &index, of_cpus.data()) != 0) return base::errno_error("map " + name);
    sums[index] = std::accumulate(of_cpus.begin(), of_cpus.end(), uint64_t{0});
  }
  return sums;
}

}  // namespace

base::Result<PacketCounters> read_packet_counters(const std::string& bpf_root) {
  PacketCounters counters;
  counters.drops = TRY(read_counters(bpf_root, "drops", DROP_REASON_COUNT));
  counters.deliveries = TRY(read_counters(bpf_root, "deliveries", DELIVERY_COUNT));
  return counters;
}

}  // namespace io::kernel
