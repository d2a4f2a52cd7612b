// A directory that one process has for itself. The lock ends with its descriptor, however the process ends, and needs no clean-up.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace io::files {

// Makes the directory and holds DIRECTORY/agent.lock. EBUSY: another ichor-agent holds it.
base::Result<base::Fd> lock_directory(const std::string& directory);

}  // namespace io::files
