#include "plan/node_condition.h"

#include "model/desired/node_condition.h"
#include "plan/node.h"

namespace plan::node_condition {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<model::CanaryResult>() || changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

// A Node without the condition gets none: where no cloud keeps pods away there is nothing to say.
model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  const model::Node* node = snapshot.own_node();
  if (node && node->network_unavailable && pods_can_be_made(snapshot))
    planned.rows.push_back(
        model::desired::StatusPatch{"v1", "Node", "nodes", "", node->meta.name, model::desired::network_available_status()});
  return planned;
}

}  // namespace plan::node_condition
