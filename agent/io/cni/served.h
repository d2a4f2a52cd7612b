// RUN-DIR/agent.served: when the agent last said that it serves. Between an agent that ends and the next one, STATUS goes by this: a
// runtime that hears one bad answer has the node NotReady, with taints, for half a minute, and Talos starts a service again after 5 s.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace io::cni {

// An agent that serves says so every 5 s at least; it may take 10 s to stop.
constexpr base::Millis kServedLately{20'000};

// The file next to this control socket.
std::string served_path(const std::string& socket);
base::Result<void> note_served(const std::string& path, base::BootTime now);
// False also when the file cannot be read, or is of an earlier boot.
bool served_lately(const std::string& path, base::BootTime now);

}  // namespace io::cni
