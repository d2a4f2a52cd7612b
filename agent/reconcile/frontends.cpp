#include "reconcile/frontends.h"

#include "reconcile/service_abi.h"

namespace reconcile {
namespace {

using model::desired::Frontend;

frontend_key key_of(const Frontend& row) {
  return {to_abi(row.address), swap_port(row.port), static_cast<__u8>(row.protocol), row.address.is_unspecified()};
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
  loads_ = sets_->loads();
  return {};
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
    rows.push_back({address, port, protocol, sets_->id_of(sets.callers), sets_->id_of(sets.arrivals)});
  }
  return rows;
}

// The new sets are held before the old ones are let go.
void Frontends::learn(const Key& key, const frontend& sets) {
  sets_->refer(sets.callers);
  sets_->refer(sets.arrivals);
  forget(key);
  entries_[key] = sets;
}

void Frontends::forget(const Key& key) {
  auto known = entries_.find(key);
  if (known == entries_.end()) return;
  sets_->withdraw(known->second.callers);
  sets_->withdraw(known->second.arrivals);
  entries_.erase(known);
}

base::Result<void> Frontends::put(const Frontend& row, const Frontend*) {
  TRY(load());
  const Key key{row.address, row.port, row.protocol};
  const frontend sets{TRY_IN(sets_->number_of(row.callers), row.key()), TRY_IN(sets_->number_of(row.arrivals), row.key())};
  TRY_IN(sets_->maps().put_frontend(key_of(row), sets), row.key());
  learn(key, sets);
  return {};
}

base::Result<void> Frontends::remove(const Frontend& actual) {
  TRY(load());
  TRY_IN(sets_->maps().erase_frontend(key_of(actual)), actual.key());
  forget({actual.address, actual.port, actual.protocol});
  return {};
}

}  // namespace reconcile
