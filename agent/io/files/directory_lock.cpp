#include "io/files/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>

namespace io::files {

base::Result<base::Fd> lock_directory(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return base::system_error(failed.value(), directory);
  base::Fd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return base::errno_error(directory);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return base::Error{EBUSY, directory + ": another ichor-agent holds this directory"};
  return base::errno_error(directory);
}

}  // namespace io::files
