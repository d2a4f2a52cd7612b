// Unicast and unreachable routes of the main table with ichor's protocol number. Routes of others are never touched, not even in the way of
// ours.
#pragma once

#include "io/kernel/netlink.h"
#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class RouteStore : public Store<model::desired::Route> {
 public:
  base::Result<std::vector<model::desired::Route>> list() override;
  // EEXIST: a foreign route has this destination and metric; the error shows it. ENETUNREACH: the gateway is not on link.
  base::Result<void> put(const model::desired::Route& row, const model::desired::Route* actual) override;
  base::Result<void> remove(const model::desired::Route& actual) override;

 private:
  NetlinkOnDemand netlink_;
};

}  // namespace io::kernel
