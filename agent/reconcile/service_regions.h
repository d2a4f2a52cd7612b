// The store of ServiceEntry rows: numbers services and backends, gives each service a region of slots, and changes a set of backends
// by one store of a handle. All of it can be read back from the maps, so a restart finds every number where it was.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "io/service_maps.h"
#include "io/store.h"
#include "model/desired/rows.h"
#include "reconcile/region_allocator.h"

namespace reconcile {

class ServiceRegions : public io::Store<model::desired::ServiceEntry> {
 public:
  using Entry = model::desired::ServiceEntry;
  ServiceRegions(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now);

  base::Result<std::vector<Entry>> list() override;
  base::Result<void> put(const Entry& row, const Entry* actual) override;
  base::Result<void> remove(const Entry& actual) override;

 private:
  struct Region {
    uint32_t base = 0, size = 0, generation = 0;
    uint64_t flags = 0;              // of the handle
    uint32_t affinity_seconds = 0;   // as stored; 0: not known
    std::vector<uint32_t> backends;  // numbers, in slot order

    service_handle handle() const { return service_handle_pack(base, size, generation) | flags; }
  };
  struct NumberedBackend {
    uint32_t number = 0;
    uint32_t references = 0;
  };

  base::Result<void> open();
  base::Result<Entry> read_service(uint32_t number, std::vector<model::desired::Frontend> frontends);
  base::Result<std::vector<uint32_t>> hold_backends(const std::vector<model::desired::Backend>& backends);
  void drop_backends(const std::vector<uint32_t>& numbers);
  base::Result<void> write_region(uint32_t service, Region& region);
  base::Result<void> point(uint32_t service, const Entry& row);
  base::Result<void> flag(uint32_t service, const Entry& row);
  base::Result<void> time_affinity(uint32_t service, const Entry& row);
  base::Result<void> write(uint32_t number, const Entry& row, const Entry* actual);
  void release_number(uint32_t number);
  base::Result<uint32_t> number_for(const Entry& row, const Entry* actual);

  std::unique_ptr<io::ServiceMaps> maps_;
  std::function<base::BootTime()> now_;
  io::ServiceMaps::Sizes sizes_;
  RegionAllocator service_numbers_, backend_numbers_, slots_;
  std::unordered_map<uint32_t, Region> regions_;          // by service number
  std::map<model::desired::Frontend, uint32_t> numbers_;  // frontend -> service number
  std::map<model::desired::Backend, NumberedBackend> backends_;
  std::unordered_map<uint32_t, model::desired::Backend> backend_of_;  // by backend number
};

}  // namespace reconcile
