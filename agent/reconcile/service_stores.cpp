#include "reconcile/service_stores.h"

#include "reconcile/frontends.h"
#include "reconcile/service_regions.h"

namespace reconcile {
namespace {

class ServiceSets final : public io::Store<model::desired::ServiceSet> {
 public:
  using ServiceSet = model::desired::ServiceSet;
  explicit ServiceSets(std::shared_ptr<ServiceRegions> regions) : regions_(std::move(regions)) {}

  base::Result<std::vector<ServiceSet>> list() override { return regions_->list(); }
  void recognise(const ServiceSet& row) override { regions_->recognise(row); }
  base::Result<void> put(const ServiceSet& row, const ServiceSet* actual) override { return regions_->put(row, actual); }
  base::Result<void> remove(const ServiceSet& actual) override { return regions_->remove(actual); }

 private:
  std::shared_ptr<ServiceRegions> regions_;
};

}  // namespace

ServiceStores service_stores(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now) {
  auto regions = std::make_shared<ServiceRegions>(std::move(maps), std::move(now));
  return {std::make_unique<ServiceSets>(regions), std::make_unique<Frontends>(regions)};
}

}  // namespace reconcile
