// The sets of backends in the maps: numbers sets and backends, gives each set a region of slots, and changes what a set leads to by one
// store of a handle. All of it can be read back, so a restart finds every number where it was; a set is recognised by the hash of its name.
// Frontends refer to numbers: one that is referred to is never given to another set.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "io/service_maps.h"
#include "model/desired/services.h"
#include "reconcile/backend_numbers.h"
#include "reconcile/region_allocator.h"

namespace reconcile {

class ServiceRegions {
 public:
  using ServiceSet = model::desired::ServiceSet;
  using SetId = model::desired::SetId;
  ServiceRegions(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now);

  // The io::Store of sets.
  base::Result<std::vector<ServiceSet>> list();
  void recognise(const ServiceSet& row);
  base::Result<void> put(const ServiceSet& row, const ServiceSet* actual);
  base::Result<void> remove(const ServiceSet& actual);

  // Of those that refer to sets.
  base::Result<void> load();  // reads what is there, once; ENOENT: there are no maps
  uint64_t loads() const { return loads_; }
  io::ServiceMaps& maps() { return *maps_; }
  base::Result<uint32_t> number_of(const SetId& id) const;  // 0 for no set; ENOENT: it is not in the maps
  SetId id_of(uint32_t number) const;                       // equal to no row's where nothing is known under the number
  void refer(uint32_t number);
  void withdraw(uint32_t number);

 private:
  struct Region {
    uint32_t base = 0, size = 0;
    bool operator==(const Region&) const = default;
  };
  struct Set {
    SetId id;  // none: a number that frontends refer to and nothing is known of
    service_handle handle = 0;
    service_options options = 0;
    Region region;                   // that is this set's alone, with the slots of those that are leaving
    std::vector<uint32_t> backends;  // numbers, in slot order: of all of these
    uint32_t references = 0;         // by frontends
  };
  // One set as it is in the maps.
  struct Found {
    uint32_t number = 0;
    uint64_t hash = 0;
    service_handle handle = 0;
    service_options options = 0;
    uint32_t leaving = 0;                           // slots behind those that the handle counts
    std::vector<uint32_t> numbers;                  // in slot order, with those that are leaving
    std::vector<model::desired::Backend> backends;  // the same
    bool damaged = false;                           // it refers to what is not there, or not its own

    Region region() const { return {service_handle_base(handle), service_handle_size(handle) + leaving}; }
  };

  base::Result<void> open();
  base::Result<std::vector<Found>> read_sets();
  base::Result<void> read_slots(Found& found);
  base::Result<void> begin(std::vector<Found>& sets);
  void compare(std::vector<Found>& sets);
  void adopt(Found& found);
  void forget(uint32_t number);
  bool leads_to(const Set& set, const ServiceSet& row) const;
  void part(const Set& set, const std::vector<uint32_t>& kept);
  base::Result<void> create(const ServiceSet& row);
  base::Result<void> update(uint32_t number, Set& set, const ServiceSet& row, const ServiceSet* actual);
  base::Result<void> point(uint32_t number, Set& set, const ServiceSet& row);
  base::Result<void> write_slots(const Set& set, size_t leaving);
  base::Result<void> flag(uint32_t number, Set& set, const ServiceSet& row);
  base::Result<void> write_options(uint32_t number, Set& set, const ServiceSet& row);
  void release_region(Set& set);
  void free_number(uint32_t number);

  std::unique_ptr<io::ServiceMaps> maps_;
  std::function<base::BootTime()> now_;
  io::ServiceMaps::Sizes sizes_;
  bool loaded_ = false;
  uint64_t loads_ = 0;
  RegionAllocator set_numbers_, slots_;
  BackendNumbers backends_;
  std::unordered_map<uint32_t, Set> sets_;            // by number
  std::unordered_map<uint64_t, uint32_t> number_of_;  // by hash
};

}  // namespace reconcile
