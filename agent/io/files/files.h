// Whole files: read at once, written by rename, so that a reader sees the old content or the new one and never a part.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace io::files {

base::Result<std::string> read_file(const std::string& path);
// Makes the directories above it, too. The file next to it that carries the content until the rename has a name that begins with a dot.
// Not synced to the disk: it outlives the process, not a power cut.
base::Result<void> write_file(const std::string& path, const std::string& content);
// A file that is not there is success.
base::Result<void> remove_file(const std::string& path);

// The pieces of write_file, for what is written in parts: the name of the file next to it, and all bytes to an open file. `path` is for the
// error.
std::string fresh_path(const std::string& path);
base::Result<void> write_all(int file, std::string_view content, const std::string& path);

// The kernel's name for the time since it started (random(4)).
base::Result<std::string> boot_id();

}  // namespace io::files
