#include "io/kernel/masquerade_maps.h"

#include "io/kernel/netlink_rows.h"
#include "model/abi_address.h"

namespace io::kernel {
namespace {

using model::from_abi;
using model::to_abi;
using model::desired::MasqueradeSource;
using model::desired::Unmasqueraded;

constexpr uint32_t kIpv4Begins = 96;  // bits of ::ffff:0:0/96

using SourceMap = HashMap<masquerade_uplink, masquerade_source>;

base::Result<masquerade_uplink> key_of(const MasqueradeSource& row) {
  return masquerade_uplink{.ifindex = TRY(link_number(row.uplink)), .is_v6 = !row.address.is_v4()};
}

unmasqueraded_key key_of(const Unmasqueraded& row) {
  const bool v4 = row.prefix.address.is_v4();
  return {.prefix_length = row.prefix.length + (v4 ? kIpv4Begins : 0), .address = to_abi(row.prefix.address)};
}

// An entry that no row stands for, of IPv6 though its address is of IPv4, is a row all the same: one to be removed.
base::Cidr prefix_of(const unmasqueraded_key& key) {
  const base::Ip address = from_abi(key.address);
  const uint32_t skipped = address.is_v4() && key.prefix_length >= kIpv4Begins ? kIpv4Begins : 0;
  return {address, static_cast<uint8_t>(key.prefix_length - skipped)};
}

}  // namespace

base::Result<std::vector<MasqueradeSource>> MasqueradeSourceStore::list() {
  auto map = SourceMap::open(bpf_root_, MasqueradeSource::kKind.data());
  if (!map.ok() && map.error().code == ENOENT) return std::vector<MasqueradeSource>();
  if (!map.ok()) return map.error();
  std::vector<MasqueradeSource> rows;
  TRY(map->for_each([&](const masquerade_uplink& uplink, const masquerade_source& source) {
    rows.push_back({.uplink = link_name(uplink.ifindex), .address = from_abi(source.address)});
  }));
  return rows;
}

base::Result<void> MasqueradeSourceStore::put(const MasqueradeSource& row, const MasqueradeSource*) {
  const masquerade_uplink key = TRY(key_of(row));
  return TRY(SourceMap::open(bpf_root_, MasqueradeSource::kKind.data())).update(key, {.address = to_abi(row.address)});
}

base::Result<void> MasqueradeSourceStore::remove(const MasqueradeSource& actual) {
  auto key = key_of(actual);
  if (!key.ok()) return {};
  return TRY(SourceMap::open(bpf_root_, MasqueradeSource::kKind.data())).erase(*key);
}

// Kept open: a cluster's nodes are thousands of writes at a start.
base::Result<UnmasqueradedStore::Map*> UnmasqueradedStore::map() {
  const uint64_t replacements = pin_replacements();
  if (map_ && replacements_ == replacements) return &*map_;
  map_ = TRY(Map::open(bpf_root_, Unmasqueraded::kKind.data()));
  replacements_ = replacements;
  return &*map_;
}

base::Result<std::vector<Unmasqueraded>> UnmasqueradedStore::list() {
  map_.reset();  // what is pinned now
  auto opened = map();
  if (!opened.ok() && opened.error().code == ENOENT) return std::vector<Unmasqueraded>();
  if (!opened.ok()) return opened.error();
  std::vector<Unmasqueraded> rows;
  TRY((*opened)->for_each([&](const unmasqueraded_key& key, uint32_t) { rows.push_back({prefix_of(key), ""}); }));
  return rows;
}

base::Result<void> UnmasqueradedStore::put(const Unmasqueraded& row, const Unmasqueraded*) { return TRY(map())->update(key_of(row), 0); }

base::Result<void> UnmasqueradedStore::remove(const Unmasqueraded& actual) { return TRY(map())->erase(key_of(actual)); }

}  // namespace io::kernel
