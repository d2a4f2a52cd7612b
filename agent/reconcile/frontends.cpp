#include "reconcile/frontends.h"

#include <optional>

#include "reconcile/service_abi.h"

namespace reconcile {
namespace {

using model::desired::Frontend;

frontend_key key_of(const Frontend& row) {
  return {to_abi(row.address), swap_port(row.port), static_cast<__u8>(row.protocol), row.address.is_unspecified()};
}

uint32_t set_of(uint32_t arrivals) { return arrivals & ~FRONTEND_RESTRICTED; }

constexpr uint32_t kWordBits = 64;

// NodePorts are found by their range.
std::optional<uint32_t> address_bit(const base::Ip& address, const frontend& sets) {
  if (!set_of(sets.arrivals) || address.is_unspecified()) return std::nullopt;
  const ip_addr abi = to_abi(address);
  return frontend_address_bit(&abi);
}

}  // namespace

base::Result<Frontends::Entries> Frontends::read() {
  Entries entries;
  for (const auto& [key, sets] : TRY(sets_->maps().frontends()))
    entries[{from_abi(key.address), swap_port(key.port_be), static_cast<model::Protocol>(key.protocol)}] = sets;
  return entries;
}

// Sets count what refers to them when they are loaded; from then on it is told to them from here.
base::Result<void> Frontends::load() {
  TRY(sets_->load());
  if (loads_ == sets_->loads()) return {};
  entries_ = TRY(read());
  TRY(load_addresses());
  loads_ = sets_->loads();
  return {};
}

base::Result<void> Frontends::load_addresses() {
  addresses_.clear();
  for (const auto& [key, sets] : entries_)
    if (auto bit = address_bit(std::get<base::Ip>(key), sets)) ++addresses_[*bit];
  for (uint32_t word = 0; word < FRONTEND_ADDRESS_BITS / kWordBits; ++word) TRY(write_addresses(word));
  return {};
}

base::Result<void> Frontends::write_addresses(uint32_t word) {
  uint64_t bits = 0;
  const auto end = addresses_.lower_bound((word + 1) * kWordBits);
  for (auto bit = addresses_.lower_bound(word * kWordBits); bit != end; ++bit) bits |= uint64_t{1} << (bit->first % kWordBits);
  if (TRY(sets_->maps().frontend_addresses(word)) == bits) return {};
  return sets_->maps().set_frontend_addresses(word, bits);
}

base::Result<std::vector<Frontend>> Frontends::list() {
  if (auto loaded = load(); !loaded.ok()) {
    if (loaded.error().code == ENOENT) return std::vector<Frontend>{};
    return loaded.error();
  }
  const Entries found = TRY(read());
  for (const auto& [key, sets] : Entries(entries_))
    if (!found.contains(key)) forget(key);
  std::vector<Frontend> rows;
  for (const auto& [key, sets] : found) {
    learn(key, sets);
    const auto& [address, port, protocol] = key;
    rows.push_back({address, port, protocol, sets_->id_of(sets.callers), sets_->id_of(set_of(sets.arrivals)),
                    (sets.arrivals & FRONTEND_RESTRICTED) != 0});
  }
  return rows;
}

base::Result<void> Frontends::raise_address(uint32_t bit) {
  const uint32_t word = bit / kWordBits;
  const uint64_t bits = TRY(sets_->maps().frontend_addresses(word)), wanted = bits | uint64_t{1} << (bit % kWordBits);
  if (bits == wanted) return {};
  return sets_->maps().set_frontend_addresses(word, wanted);
}

// The new sets are held before the old ones are let go.
void Frontends::learn(const Key& key, const frontend& sets) {
  sets_->refer(sets.callers);
  sets_->refer(set_of(sets.arrivals));
  if (auto bit = address_bit(std::get<base::Ip>(key), sets)) ++addresses_[*bit];
  forget(key);
  entries_[key] = sets;
}

void Frontends::forget(const Key& key) {
  auto known = entries_.find(key);
  if (known == entries_.end()) return;
  const frontend sets = known->second;
  sets_->withdraw(sets.callers);
  sets_->withdraw(set_of(sets.arrivals));
  entries_.erase(known);
  auto bit = address_bit(std::get<base::Ip>(key), sets);
  if (bit && --addresses_[*bit] == 0) addresses_.erase(*bit);
}

// An address whose bit is not set is not looked at: so the bit comes first, and one too many costs a look.
base::Result<void> Frontends::put(const Frontend& row, const Frontend*) {
  TRY(load());
  const Key key{row.address, row.port, row.protocol};
  const uint32_t restricted = row.arrivals && row.restricted ? FRONTEND_RESTRICTED : 0;
  const frontend sets{TRY_IN(sets_->number_of(row.callers), row.key()), TRY_IN(sets_->number_of(row.arrivals), row.key()) | restricted};
  const auto bit = address_bit(row.address, sets);
  if (bit) TRY_IN(raise_address(*bit), row.key());
  TRY_IN(sets_->maps().put_frontend(key_of(row), sets), row.key());
  learn(key, sets);
  return {};
}

base::Result<void> Frontends::remove(const Frontend& actual) {
  TRY(load());
  TRY_IN(sets_->maps().erase_frontend(key_of(actual)), actual.key());
  const ip_addr abi = to_abi(actual.address);
  forget({actual.address, actual.port, actual.protocol});
  return write_addresses(frontend_address_bit(&abi) / kWordBits);
}

}  // namespace reconcile
