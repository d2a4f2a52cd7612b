// Objects from a directory of ordinary Kubernetes YAML and JSON files in place of an API server: *.yaml, *.yml and *.json in it, no
// sub-directories, no names that begin with a dot. Watched; what is broken is a Problem row and leaves its last good content in force.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/kernel/polling_thread.h"
#include "model/fact_sink.h"

namespace sources {

namespace manifests {
class Follower;
}

class Manifests {
 public:
  // The sink is called from a thread of this class's own, from start() until the destructor returns. The first complete load is one
  // Fact that ends with the SourceStatus row; each burst of changes after it is one more. Last good content goes to STATE-DIR/manifests.
  Manifests(std::string directory, std::string state_dir, model::FactSink sink);
  ~Manifests();

  base::Result<void> start();  // fails for want of descriptors or threads only; a missing directory is waited for

 private:
  std::unique_ptr<manifests::Follower> follower_;
  io::kernel::PollingThread thread_;
};

// The directory as it is now, as the first fact of Manifests. Reads nothing else, writes nothing.
base::Result<model::Changes> load_manifests(const std::string& directory);

}  // namespace sources
