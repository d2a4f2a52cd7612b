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
  model::desired::ServiceEntry entry;
  entry.name = "canary";
  entry.frontends = {{model::kCanaryServiceAddress, model::kCanaryServicePort, model::Protocol::kTcp}};
  entry.backends = {{canary->listener, canary->listener_port}};
  planned.rows.push_back(std::move(entry));
  return planned;
}

}  // namespace plan::canary
