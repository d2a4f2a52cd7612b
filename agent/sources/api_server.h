// Objects from the Kubernetes API server: what is there, and each change as it happens. Of each kind no more is asked for than a node
// needs, and the last whole state is kept in STATE-DIR/objects for a start while the server is away.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread.h"
#include "io/kube/connection.h"
#include "model/fact_sink.h"

namespace sources {

namespace api_server {
class Collector;
class Watcher;
}  // namespace api_server

class ApiServer {
 public:
  struct Setup {
    io::kube::Connector connect;  // called once for each watched kind
    std::string server;           // what people know it by: "https://localhost:7445"
    std::string node_name;
    std::string state_dir;
    std::string service_proxy_name = "";  // of the Services that are served; "": those without
  };

  // The sink is called from threads of this class's own, from start() until the destructor returns. The SourceStatus row is synced once
  // every kind that a planner reads has come whole in this run; until then it may be `kept`. Broken objects and missing rights are
  // Problem rows.
  ApiServer(const Setup& setup, model::FactSink sink);
  ~ApiServer();

  base::Result<void> start();  // fails for want of threads only, and may be called again then; a server that is away is waited for

 private:
  std::unique_ptr<api_server::Collector> collector_;
  std::vector<std::unique_ptr<api_server::Watcher>> watchers_;
  base::Thread thread_;
};

}  // namespace sources
