#include "plan/canary.h"

#include "model/canary.h"
#include "plan/node.h"

namespace plan::canary {

void keys_for(const Touched& touched, const model::Snapshot&, Keys& keys) {
  if (touched.is<model::CanaryResult>() || touched.is<model::Config>()) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  const auto* canary = snapshot.table<model::CanaryResult>().find(model::CanaryResult::key());
  if (!canary || !canary->listener_port || !configured(snapshot)) return planned;
  model::desired::ServiceSet set{.id = model::desired::SetId("canary"), .backends = {{canary->listener, canary->listener_port}}};
  // No Service may take its address and have the node count as not ready.
  planned.rows.push_back(model::desired::Frontend{.address = model::kCanaryServiceAddress,
                                                  .port = model::kCanaryServicePort,
                                                  .callers = set.id,
                                                  .since = model::desired::Frontend::kBeforeAll});
  planned.rows.push_back(std::move(set));
  return planned;
}

}  // namespace plan::canary
