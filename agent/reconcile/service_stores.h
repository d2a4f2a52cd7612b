// The two stores of Services over one set of maps.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "io/service_maps.h"
#include "io/store.h"
#include "model/desired/services.h"

namespace reconcile {

struct ServiceStores {
  std::unique_ptr<io::Store<model::desired::ServiceSet>> sets;
  std::unique_ptr<io::Store<model::desired::Frontend>> frontends;
};

ServiceStores service_stores(std::unique_ptr<io::ServiceMaps> maps, std::function<base::BootTime()> now);

}  // namespace reconcile
