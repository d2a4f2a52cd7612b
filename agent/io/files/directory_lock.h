// A directory that one process has for itself. The lock is on the directory and not on a file in it, so that it can be had of a BPF file
// system, which takes no files, and of a disk that is full or read-only. It ends with its descriptor, however the process ends.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace io::files {

// Makes the directory and holds it. EBUSY: another ichor-agent holds it.
base::Result<base::Fd> lock_directory(const std::string& directory);

}  // namespace io::files
