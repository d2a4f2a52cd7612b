// Permanent neighbour entries on pod links, marked with ichor's protocol number.
#pragma once

#include "io/kernel/netlink.h"
#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class NeighborStore : public Store<model::desired::Neighbor> {
 public:
  base::Result<std::vector<model::desired::Neighbor>> list() override;
  base::Result<void> put(const model::desired::Neighbor& row, const model::desired::Neighbor* actual) override;
  base::Result<void> remove(const model::desired::Neighbor& actual) override;

 private:
  NetlinkOnDemand netlink_;
};

}  // namespace io::kernel
