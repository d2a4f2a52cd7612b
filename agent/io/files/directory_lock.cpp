#include "io/files/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>

namespace io::files {

base::Result<base::Fd> lock_directory(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return base::system_error(failed.value(), directory);
  const std::string path = directory + "/agent.lock";
  base::Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return base::errno_error(path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return base::Error{EBUSY, path + ": another ichor-agent holds this directory"};
  return base::errno_error(path);
}

}  // namespace io::files
