// Pod links: a pair, veth or netkit, from the node into a pod's network namespace, with all that the pod needs to send and receive at once.
// The engine's reconciler puts them; they are recognised by alias or name (model/host/pod_link.h) and the kind. The calling thread stands
// in the node's network namespace and visits the pod's for each link that it makes.
#pragma once

#include "io/kernel/netlink.h"
#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class PodLinkStore : public Store<model::desired::PodLink> {
 public:
  base::Result<std::vector<model::desired::PodLink>> list() override;  // host side only: name, alias, kind, host_mac, mtu
  // With row.netns: at return both sides are up and every address can be used, whatever an earlier attempt left behind.
  // Without: the link that is there is kept. Only an ADD can make a missing one (ENODEV) or change the MTU (EOPNOTSUPP).
  base::Result<void> put(const model::desired::PodLink& row, const model::desired::PodLink* actual) override;
  base::Result<void> remove(const model::desired::PodLink& actual) override;

 private:
  NetlinkOnDemand netlink_;
};

}  // namespace io::kernel
