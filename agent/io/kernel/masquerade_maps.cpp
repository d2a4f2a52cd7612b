#include "io/kernel/masquerade_maps.h"

#include "io/kernel/netlink_rows.h"
#include "io/kernel/prefix_keys.h"
#include "model/abi_address.h"

namespace io::kernel {
namespace {

using model::from_abi;
using model::to_abi;
using model::desired::MasqueradeSource;
using model::desired::Unmasqueraded;

using SourceMap = HashMap<masquerade_uplink, masquerade_source>;

base::Result<masquerade_uplink> key_of(const MasqueradeSource& row) {
  return masquerade_uplink{.ifindex = TRY(link_number(row.uplink)), .is_v6 = !row.address.is_v4()};
}

}  // namespace

base::Result<std::vector<MasqueradeSource>> MasqueradeSourceStore::list() {
  auto map = SourceMap::open(bpf_root_, MasqueradeSource::kKind.data());
  if (!map.ok() && map.error().code == ENOENT) return std::vector<MasqueradeSource>();
  if (!map.ok()) return map.error();
  std::vector<MasqueradeSource> rows;
  TRY(map->for_each([&](const masquerade_uplink& uplink, const masquerade_source& source) {
    rows.push_back({.uplink = link_name(uplink.ifindex), .address = from_abi(source.address), .for_pods = source.for_pods != 0});
  }));
  return rows;
}

base::Result<void> MasqueradeSourceStore::put(const MasqueradeSource& row, const MasqueradeSource*) {
  const masquerade_uplink key = TRY(key_of(row));
  return TRY(SourceMap::open(bpf_root_, MasqueradeSource::kKind.data()))
      .update(key, {.address = to_abi(row.address), .for_pods = row.for_pods, .zero = 0});
}

base::Result<void> MasqueradeSourceStore::remove(const MasqueradeSource& actual) {
  auto key = key_of(actual);
  if (!key.ok()) return {};
  return TRY(SourceMap::open(bpf_root_, MasqueradeSource::kKind.data())).erase(*key);
}

unmasqueraded_key key_of(const Unmasqueraded& row) {
  return {.prefix_length = prefix_bits(row.prefix), .address = to_abi(row.prefix.address)};
}

Unmasqueraded row_of(const unmasqueraded_key& key) { return {prefix_from(key.prefix_length, key.address), ""}; }

}  // namespace io::kernel
