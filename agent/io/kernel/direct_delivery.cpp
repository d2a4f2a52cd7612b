#include "io/kernel/direct_delivery.h"

#include <bpf/bpf.h>

#include <set>

#include "abi/pods.h"
#include "io/kernel/bpf_hash.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/conntrack.h"
#include "model/abi_address.h"

namespace io::kernel {

using model::desired::DirectDelivery;

namespace {

constexpr uint32_t kOnly = 0;

uint32_t bits_of(base::Family family) {
  const uint32_t is_v6 = family == base::Family::kIpv6;
  return 1U << way_bit(DELIVERED_FROM_UPLINK, is_v6) | 1U << way_bit(DELIVERED_FROM_POD, is_v6);
}

// What went directly so far was tracked in one direction or not at all.
base::Result<void> forget_connections_of_pods(const std::string& bpf_root, uint32_t no_longer_direct) {
  if (!no_longer_direct) return {};
  std::set<base::Ip> pods;
  auto map = TRY((HashMap<ip_addr, pod>::open(bpf_root, "pods")));
  TRY(map.for_each([&](const ip_addr& address, const pod&) { pods.insert(model::from_abi(address)); }));
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
    if (no_longer_direct & bits_of(family))
      TRY(forget_connections(family, [&](const base::Ip& address) { return pods.contains(address); }));
  return {};
}

}  // namespace

base::Result<std::vector<DirectDelivery>> DirectDeliveryStore::list() {
  auto map = open_map(bpf_root_, DirectDelivery::kKind.data());
  if (!map.ok() && map.error().code == ENOENT) return std::vector<DirectDelivery>();
  if (!map.ok()) return map.error();
  DirectDelivery row;
  if (bpf_map_lookup_elem(map->get(), &kOnly, &row.image) != 0) return base::errno_error("map direct_delivery");
  return std::vector<DirectDelivery>{row};
}

base::Result<void> DirectDeliveryStore::put(const DirectDelivery& row, const DirectDelivery* actual) {
  TRY(write(row.image));
  return forget_connections_of_pods(bpf_root_, row.image.by_stack & ~(actual ? actual->image.by_stack : 0));
}

base::Result<void> DirectDeliveryStore::remove(const DirectDelivery&) { return write({}); }

base::Result<void> DirectDeliveryStore::write(const ::direct_delivery& image) {
  base::Fd map = TRY(open_map(bpf_root_, DirectDelivery::kKind.data()));
  if (bpf_map_update_elem(map.get(), &kOnly, &image, BPF_ANY) != 0) return base::errno_error("map direct_delivery");
  return {};
}

}  // namespace io::kernel
