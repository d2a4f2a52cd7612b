// Which Node an agent is.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/options.h"

namespace engine {

// --node-name; with --manifests the host name; else the node of the credentials, or the host name where they are no node's. Read anew on
// each call. An error is to be waited out: under a wrong name an agent would take another node's pod addresses.
base::Result<std::string> own_name(const Options& options);

}  // namespace engine
