// Health checks: sockets of this process, each with the row that says what it answers. They face the world: one thread serves all of them
// and makes no other wait, by memory and descriptors that have a bound.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/http/server.h"
#include "io/store.h"
#include "model/desired/health_check.h"

namespace io::http {

class HealthChecks final : public Store<model::desired::HealthCheck> {
 public:
  using HealthCheck = model::desired::HealthCheck;
  using Answer = std::function<Response(const HealthCheck&, const Request&)>;  // on the serving thread; must not block

  explicit HealthChecks(Answer answer);

  base::Result<std::vector<HealthCheck>> list() override;
  // What is answered follows at once. The error names the Service. A family that the kernel does not have has no addresses to listen at.
  base::Result<void> put(const HealthCheck& row, const HealthCheck* actual) override;
  base::Result<void> remove(const HealthCheck& actual) override;

 private:
  Response answer(const Request& request) const;
  base::Result<void> open(const HealthCheck& row);

  Answer answer_;
  size_t most_;  // listeners
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const HealthCheck>> rows_;  // by key, which is what the server calls the listener
  Server server_;                                                   // last: it uses all the others
};

}  // namespace io::http
