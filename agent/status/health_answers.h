// What load balancers hear of this node, in kube-proxy's words: a pure function of the row that they ask and of what the engine
// published last.
#pragma once

#include <ctime>
#include <string>

#include "base/clock.h"
#include "io/http/message.h"
#include "model/effect.h"

namespace status {

// How long what pods depend on may be amiss before the node says so: two of kube-proxy's sync periods.
constexpr base::Millis kHealthTimeout{60'000};

struct ProxyHealth {
  bool healthy = true;
  base::Millis age{};  // since all was in force
};
// `alive`: the engine's loop turns. A node that has nothing to do yet is healthy.
ProxyHealth proxy_health(const model::Published* published, bool alive, base::BootTime now);

// `path` without query. `utc` is the present time.
io::http::Response health_answer(const model::desired::HealthCheck& check, const std::string& path, const ProxyHealth& health,
                                 std::time_t utc);

}  // namespace status
