// What sources tell the engine.
#pragma once

#include <functional>
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

// Rows that came, changed or went, folded in whole before anything is planned. With none the engine looks at what has ended meanwhile.
using Changes = std::vector<Change>;

// A sandbox that comes or goes, and who waits for the outcome of that.
struct SandboxRequest {
  RowChange<Sandbox> sandbox;
  SandboxWaiter waiter;
};

// Netlink saw something change: the network's actual state is to be read again.
struct HostChanged {};

using Fact = std::variant<Changes, SandboxRequest, HostChanged>;

}  // namespace model
