#include "plan/cni_conf.h"

#include "model/desired/cni_conflist.h"
#include "plan/node.h"

namespace plan::cni_conf {

void keys_for(const Touched& touched, const model::Snapshot& snapshot, Keys& keys) {
  if (touched.is<model::CanaryResult>() || changes_node(touched, snapshot)) keys.insert(kNodeKey);
}

model::Planned plan(const std::string&, const model::Snapshot& snapshot) {
  model::Planned planned;
  if (!pods_can_be_made(snapshot)) return planned;
  const auto& identity = snapshot.identity;
  planned.rows.push_back(model::desired::File{identity.cni_conf_dir + "/05-ichor.conflist",
                                              model::desired::cni_conflist(identity.run_dir, identity.state_dir)});
  return planned;
}

}  // namespace plan::cni_conf
