// What CHECK sees with a pod's own eyes.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace io::cni {

// The link is there and up, has these addresses and a default route per family of theirs. Moves the calling process into the
// namespace, for good: only for a process that is about to end.
base::Result<void> check_from_inside(int netns, const std::string& ifname, const std::vector<base::Ip>& addresses);

}  // namespace io::cni
