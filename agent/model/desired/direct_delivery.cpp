#include "model/desired/direct_delivery.h"

#include <cstring>

#include "model/abi_address.h"

namespace model::desired {
namespace {

delivery counter_of(Way::From from) { return from == Way::From::kUplinks ? DELIVERED_FROM_UPLINK : DELIVERED_FROM_POD; }

ip_addr mask_of(const base::Cidr& cidr) {
  base::Ip mask;
  const size_t bits = 128 - cidr.address.width() + cidr.length;
  for (size_t bit = 0; bit < bits; ++bit) mask.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  return to_abi(mask);
}

// The first of its family stands in the image; pods of another one are among the own addresses.
void put_pod_cidr(::direct_delivery& image, base::Family family, const std::vector<base::Cidr>& cidrs) {
  const size_t index = family == base::Family::kIpv4 ? 0 : 1;
  for (const auto& cidr : cidrs) {
    if (cidr.address.family() != family) continue;
    image.pod_network[index] = to_abi(base::canonical(cidr).address);
    image.pod_mask[index] = mask_of(cidr);
    return;
  }
}

}  // namespace

std::string way_name(const Way& way) {
  return std::string(way.family == base::Family::kIpv4 ? "IPv4" : "IPv6") +
         (way.from == Way::From::kUplinks ? " from uplinks" : " from pods");
}

bool DirectDelivery::operator==(const DirectDelivery& other) const { return std::memcmp(&image, &other.image, sizeof image) == 0; }

DirectDelivery direct_delivery(std::map<Way, std::string> by_stack, std::vector<base::Cidr> pod_cidrs, std::vector<base::Ip> own_addresses,
                               bool pods_elsewhere, bool kernel_translates) {
  DirectDelivery row{std::move(by_stack), std::move(pod_cidrs), std::move(own_addresses), pods_elsewhere, kernel_translates};
  if (pods_elsewhere) row.image.flags |= DELIVERY_PODS_ELSEWHERE;
  if (kernel_translates) row.image.flags |= DELIVERY_KERNEL_TRANSLATES;
  for (auto from : {Way::From::kUplinks, Way::From::kPods})
    for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
      if (row.by_stack.contains({from, family})) row.image.by_stack |= 1U << way_bit(counter_of(from), family == base::Family::kIpv6);
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6}) put_pod_cidr(row.image, family, row.pod_cidrs);
  for (const auto& address : row.own_addresses) {
    const ip_addr abi = to_abi(address);
    const uint32_t bit = own_address_bit(&abi);
    row.image.own_addresses[bit / 64] |= uint64_t{1} << bit % 64;
  }
  return row;
}

}  // namespace model::desired
