// Map `node_addresses`: where NodePorts are called.
#pragma once

#include <optional>
#include <string>

#include "abi/services.h"
#include "io/kernel/bpf_hash.h"
#include "io/store.h"
#include "model/desired/node_address.h"

namespace io::kernel {

class NodeAddressStore final : public Store<model::desired::NodeAddress> {
 public:
  using NodeAddress = model::desired::NodeAddress;
  explicit NodeAddressStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // One that is kept for another network namespace than the caller's is a peer's and host_only, which no row is that is asked for. Empty
  // before the map is pinned.
  base::Result<std::vector<NodeAddress>> list() override;
  // A host_only row is for the calling thread's network namespace. ENOENT: the map is not pinned.
  base::Result<void> put(const NodeAddress& row, const NodeAddress* actual) override;
  base::Result<void> remove(const NodeAddress& actual) override;

 private:
  using Map = HashMap<ip_addr, node_address>;
  base::Result<Map*> map();

  std::string bpf_root_;
  uint64_t replacements_ = 0;  // when the map was opened
  std::optional<Map> map_;
};

}  // namespace io::kernel
