// Whole small files: values files read within a bound, the kept one replaced so that a crash leaves the old or the new one.
#pragma once

#include <string>

#include "base/result.h"

namespace sources::settings {

// EFBIG beyond most_bytes. Errors do not name the path.
base::Result<std::string> read_file(const std::string& path, size_t most_bytes);
// Written beside it, synced, and renamed; mode 0600.
base::Result<void> replace_file(const std::string& path, const std::string& text);

}  // namespace sources::settings
