#include "engine/own_directories.h"

#include "io/files/directory_lock.h"

namespace engine {

OwnDirectories::OwnDirectories(const Options& options) {
  for (const std::string& path : {options.run_dir, options.state_dir, options.bpf_root}) directories_.push_back({path});
}

base::Result<void> OwnDirectories::take() {
  base::Result<void> outcome;
  for (Directory& directory : directories_) {
    if (directory.lock) continue;
    auto lock = io::files::lock_directory(directory.path);
    if (lock.ok())
      directory.lock = std::move(*lock);
    else if (lock.error().code == EBUSY)
      return lock.error();
    else if (outcome.ok())
      outcome = lock.error();
  }
  return outcome;
}

}  // namespace engine
