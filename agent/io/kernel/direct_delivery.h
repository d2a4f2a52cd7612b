// Map `direct_delivery`: what may go straight into pods. While nothing is written there, everything goes directly.
#pragma once

#include <string>

#include "io/store.h"
#include "model/desired/rows.h"

namespace io::kernel {

class DirectDeliveryStore final : public Store<model::desired::DirectDelivery> {
 public:
  explicit DirectDeliveryStore(std::string bpf_root) : bpf_root_(std::move(bpf_root)) {}

  // The image alone. Empty before the map is pinned.
  base::Result<std::vector<model::desired::DirectDelivery>> list() override;
  // ENOENT: the map is not pinned. What goes by the stack from now on is forgotten by connection tracking, which saw half of it.
  base::Result<void> put(const model::desired::DirectDelivery& row, const model::desired::DirectDelivery* actual) override;
  // Everything directly, as without the row.
  base::Result<void> remove(const model::desired::DirectDelivery& actual) override;

 private:
  base::Result<void> write(const ::direct_delivery& image);

  std::string bpf_root_;
};

}  // namespace io::kernel
