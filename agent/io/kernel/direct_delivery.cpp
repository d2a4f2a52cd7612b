#include "io/kernel/direct_delivery.h"

#include <bpf/bpf.h>

#include "io/kernel/bpf_pins.h"

namespace io::kernel {

using model::desired::DirectDelivery;

namespace {

constexpr uint32_t kOnly = 0;

}  // namespace

base::Result<std::vector<DirectDelivery>> DirectDeliveryStore::list() {
  auto map = open_map(bpf_root_, DirectDelivery::kKind.data());
  if (!map.ok() && map.error().code == ENOENT) return std::vector<DirectDelivery>();
  if (!map.ok()) return map.error();
  DirectDelivery row;
  if (bpf_map_lookup_elem(map->get(), &kOnly, &row.image) != 0) return base::errno_error("map direct_delivery");
  return std::vector<DirectDelivery>{row};
}

base::Result<void> DirectDeliveryStore::put(const DirectDelivery& row, const DirectDelivery*) { return write(row.image); }

base::Result<void> DirectDeliveryStore::remove(const DirectDelivery&) { return write({}); }

base::Result<void> DirectDeliveryStore::write(const ::direct_delivery& image) {
  base::Fd map = TRY(open_map(bpf_root_, DirectDelivery::kKind.data()));
  if (bpf_map_update_elem(map.get(), &kOnly, &image, BPF_ANY) != 0) return base::errno_error("map direct_delivery");
  return {};
}

}  // namespace io::kernel
