// The plugin's conversation with the agent.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/cni/message.h"

namespace io::cni {

// Asks and waits for the answer, at most twice the timeout. A negative netns passes no descriptor.
// ENOENT, ECONNREFUSED, ECONNRESET, EPIPE: no agent; EAGAIN: it did not answer in time.
base::Result<Reply> ask_agent(const std::string& socket, const Request& request, int netns, base::Millis timeout);

// Whether such an error means that the agent is away or busy, not that something is broken.
bool is_agent_away(const base::Error& error);

}  // namespace io::cni
