#include "reconcile/frontends.h"

#include "reconcile/service_abi.h"

namespace reconcile {
namespace {

using model::desired::Frontend;
using model::desired::Sole;

frontend_key key_of(const Frontend& row) {
  return {to_abi(row.address), swap_port(row.port), static_cast<__u8>(row.protocol), row.address.is_unspecified()};
}

frontend_key key_of(const base::Ip& address) { return {to_abi(address), 0, 0, 0}; }

uint32_t callers_flags(const Frontend& row) { return row.sole == Sole::kEverybody ? FRONTEND_SOLE : 0; }
uint32_t arrivals_flags(const Frontend& row) {
  return (row.arrivals && row.restricted ? FRONTEND_RESTRICTED : 0) | (row.sole == Sole::kNobody ? 0 : FRONTEND_SOLE);
}
Sole sole_of(const frontend& sets) {
  if (sets.callers & FRONTEND_SOLE) return Sole::kEverybody;
  return sets.arrivals & FRONTEND_SOLE ? Sole::kOutside : Sole::kNobody;
}

constexpr uint32_t kWordBits = 64;

uint32_t bit_of(const base::Ip& address) {
  const ip_addr abi = to_abi(address);
  return frontend_address_bit(&abi);
}

}  // namespace

base::Result<Frontends::Entries> Frontends::read() {
  Entries entries;
  for (const auto& [key, sets] : TRY(sets_->maps().frontends()))
    if (!frontend_is_address(&key))
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

void Frontends::count(const Key& key, const frontend& sets, int32_t by) {
  const base::Ip& ip = std::get<base::Ip>(key);
  if (ip.is_unspecified()) return;  // NodePorts are found by their range
  if ((bits_[bit_of(ip)] += by) == 0) bits_.erase(bit_of(ip));
  Address& address = addresses_[ip];
  address.frontends += by;
  address.sole_for_callers += sets.callers & FRONTEND_SOLE ? by : 0;
  address.sole_for_arrivals += sets.arrivals & FRONTEND_SOLE ? by : 0;
}

base::Result<void> Frontends::load_addresses() {
  bits_.clear(), addresses_.clear();
  for (const auto& [key, sets] : entries_) count(key, sets, 1);
  for (uint32_t word = 0; word < FRONTEND_ADDRESS_BITS / kWordBits; ++word) TRY(write_bits(word));
  std::vector<base::Ip> all;
  for (const auto& [key, value] : TRY(sets_->maps().frontends()))
    if (frontend_is_address(&key)) addresses_[from_abi(key.address)].written = value;
  for (const auto& [ip, address] : addresses_) all.push_back(ip);
  for (const auto& ip : all) TRY(write_address(ip));
  return {};
}

base::Result<void> Frontends::write_address(const base::Ip& ip) {
  const auto found = addresses_.find(ip);
  if (found == addresses_.end()) return {};
  Address& address = found->second;
  const frontend wanted{address.sole_for_callers != 0, address.sole_for_arrivals != 0};
  if (wanted.callers != address.written.callers || wanted.arrivals != address.written.arrivals) {
    TRY(wanted.arrivals ? sets_->maps().put_frontend(key_of(ip), wanted) : sets_->maps().erase_frontend(key_of(ip)));
    address.written = wanted;
  }
  if (address.frontends == 0) addresses_.erase(found);
  return {};
}

base::Result<void> Frontends::write_bits(uint32_t word) {
  uint64_t bits = 0;
  const auto end = bits_.lower_bound((word + 1) * kWordBits);
  for (auto bit = bits_.lower_bound(word * kWordBits); bit != end; ++bit) bits |= uint64_t{1} << (bit->first % kWordBits);
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
    rows.push_back({address, port, protocol, sets_->id_of(frontend_set(sets.callers)), sets_->id_of(frontend_set(sets.arrivals)),
                    (sets.arrivals & FRONTEND_RESTRICTED) != 0, sole_of(sets)});
  }
  return rows;
}

base::Result<void> Frontends::raise_bit(uint32_t bit) {
  const uint32_t word = bit / kWordBits;
  const uint64_t bits = TRY(sets_->maps().frontend_addresses(word)), wanted = bits | uint64_t{1} << (bit % kWordBits);
  if (bits == wanted) return {};
  return sets_->maps().set_frontend_addresses(word, wanted);
}

// The new sets are held before the old ones are let go.
void Frontends::learn(const Key& key, const frontend& sets) {
  sets_->refer(frontend_set(sets.callers));
  sets_->refer(frontend_set(sets.arrivals));
  count(key, sets, 1);
  forget(key);
  entries_[key] = sets;
}

void Frontends::forget(const Key& key) {
  auto known = entries_.find(key);
  if (known == entries_.end()) return;
  const frontend sets = known->second;
  sets_->withdraw(frontend_set(sets.callers));
  sets_->withdraw(frontend_set(sets.arrivals));
  entries_.erase(known);
  count(key, sets, -1);
}

// An address whose bit is not set is not looked at: so the bit comes first, and one too many costs a look. What the address refuses
// comes last, when the port is there.
base::Result<void> Frontends::put(const Frontend& row, const Frontend*) {
  TRY(load());
  const frontend sets{TRY_IN(sets_->number_of(row.callers), row.key()) | callers_flags(row),
                      TRY_IN(sets_->number_of(row.arrivals), row.key()) | arrivals_flags(row)};
  if (!row.address.is_unspecified()) TRY_IN(raise_bit(bit_of(row.address)), row.key());
  TRY_IN(sets_->maps().put_frontend(key_of(row), sets), row.key());
  learn({row.address, row.port, row.protocol}, sets);
  TRY_IN(write_address(row.address), row.key());
  return {};
}

base::Result<void> Frontends::remove(const Frontend& actual) {
  TRY(load());
  TRY_IN(sets_->maps().erase_frontend(key_of(actual)), actual.key());
  forget({actual.address, actual.port, actual.protocol});
  TRY_IN(write_address(actual.address), actual.key());
  return write_bits(bit_of(actual.address) / kWordBits);
}

}  // namespace reconcile
