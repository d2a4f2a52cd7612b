// Where metrics are scraped: sockets of this process behind one thread of their own. They face the world as those of health checks do, and
// an answer takes milliseconds: who scrapes slowly, or all the time, keeps neither a health check nor /status.
#pragma once

#include <map>
#include <string>

#include "io/http/server.h"
#include "io/store.h"
#include "model/desired/metrics_listener.h"

namespace io::http {

class MetricsListeners final : public Store<model::desired::MetricsListener> {
 public:
  using MetricsListener = model::desired::MetricsListener;

  explicit MetricsListeners(Answer answer);

  base::Result<std::vector<MetricsListener>> list() override;
  // A family that the kernel does not have has no addresses to listen at.
  base::Result<void> put(const MetricsListener& row, const MetricsListener* actual) override;
  base::Result<void> remove(const MetricsListener& actual) override;

 private:
  std::map<std::string, MetricsListener> rows_;  // by key, which is what the server calls the listener
  Server server_;
};

}  // namespace io::http
