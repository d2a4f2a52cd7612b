// DELs that found no agent, as empty files in one directory: the plugin adds them, the agent applies and removes them. A file's name
// says everything, so making it is one atomic step and nothing can be half written.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace io::cni {

struct Deletion {
  std::string container_id, ifname;

  auto operator<=>(const Deletion&) const = default;
  std::string key() const { return container_id + "/" + ifname; }
};

// More than a node can collect in hours of failed ADDs, each with a new container id. ENOSPC beyond.
constexpr size_t kMaxQueuedDeletions = 16384;

base::Result<void> queue_deletion(const std::string& directory, const Deletion& deletion);
// Sorted; foreign files are passed over. A directory that is not there is empty.
base::Result<std::vector<Deletion>> queued_deletions(const std::string& directory);
base::Result<void> unqueue_deletion(const std::string& directory, const Deletion& deletion);

}  // namespace io::cni
