// What sources tell the engine: rows that came, changed or went, in batches that are folded in whole before anything is planned.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/change.h"

namespace model {

// What a CNI request gets back once its sandbox's rows are in force (ADD) or out of the datapath (DEL).
struct SandboxReply {
  std::string host_link;
  std::string host_mac, pod_mac;  // empty: the link has none
  std::vector<base::Ip> addresses;
  uint32_t mtu = 0;
};
using SandboxWaiter = std::function<void(base::Result<SandboxReply>)>;  // called once, on the engine's thread; must not block

struct Fact {
  std::vector<Change> changes;
  SandboxWaiter waiter;        // with the Sandbox row whose outcome it waits for
  std::string waiter_sandbox;  // that row's key
  bool host_changed = false;   // netlink saw something change: read actual state again
};

}  // namespace model
