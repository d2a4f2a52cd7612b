// The store of Frontend rows: which sets an address and port lead to. It shares the sets with their own store, so that a frontend is
// written only when its sets are there, and a set stays until no frontend leads to it.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "io/store.h"
#include "reconcile/service_regions.h"

namespace reconcile {

class Frontends final : public io::Store<model::desired::Frontend> {
 public:
  using Frontend = model::desired::Frontend;
  explicit Frontends(std::shared_ptr<ServiceRegions> sets) : sets_(std::move(sets)) {}

  base::Result<std::vector<Frontend>> list() override;
  base::Result<void> put(const Frontend& row, const Frontend* actual) override;
  base::Result<void> remove(const Frontend& actual) override;

 private:
  using Key = std::tuple<base::Ip, uint16_t, model::Protocol>;
  using Entries = std::map<Key, frontend>;  // as abi/services.h has them

  base::Result<Entries> read();
  base::Result<void> load();
  base::Result<void> load_addresses();
  base::Result<void> write_bits(uint32_t word);
  base::Result<void> raise_bit(uint32_t bit);
  base::Result<void> write_address(const base::Ip& ip);
  void count(const Key& key, const frontend& sets, int32_t by);
  void learn(const Key& key, const frontend& sets);
  void forget(const Key& key);

  struct Address {
    int32_t frontends = 0, sole_for_callers = 0, sole_for_arrivals = 0;  // how many there are, and how many say so
    frontend written{};                                                  // the address's own entry, as it is in the map
  };
  std::shared_ptr<ServiceRegions> sets_;
  uint64_t loads_ = 0;                // of the sets, when entries_ was read
  Entries entries_;                   // as they are in the maps
  std::map<uint32_t, int32_t> bits_;  // how many frontends there are, by frontend_address_bit()
  std::map<base::Ip, Address> addresses_;
};

}  // namespace reconcile
