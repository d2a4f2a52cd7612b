#include "plan/metrics.h"

#include "plan/node.h"

namespace plan::metrics {

void keys_for(const Touched& touched, const model::Snapshot&, Keys& keys) {
  if (touched.is<model::Config>() || changes_knowledge(touched)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!configured(snapshot) || !snapshot.config().prometheus) return planned;
  for (const auto& all : {base::Ip::from_v4_be(0), base::Ip{}})
    planned.rows.push_back(model::desired::MetricsListener{.address = all, .port = snapshot.config().prometheus_port});
  return planned;
}

}  // namespace plan::metrics
