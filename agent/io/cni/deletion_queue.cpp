#include "io/cni/deletion_queue.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "io/cni/protocol.h"

namespace io::cni {

namespace {

constexpr char kSeparator = '@';  // container ids have none

std::string path_of(const std::string& directory, const Deletion& deletion) {
  return directory + "/" + deletion.container_id + kSeparator + deletion.ifname;
}

bool read_name(const std::string& name, Deletion& deletion) {
  const size_t separator = name.find(kSeparator);
  if (separator == std::string::npos) return false;
  deletion = {name.substr(0, separator), name.substr(separator + 1)};
  return check_container_id(deletion.container_id).ok() && check_ifname(deletion.ifname).ok();
}

}  // namespace

base::Result<void> queue_deletion(const std::string& directory, const Deletion& deletion) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return base::system_error(failed.value(), directory);
  if (TRY(queued_deletions(directory)).size() >= kMaxQueuedDeletions)
    return base::Error{ENOSPC, directory + ": full, with " + std::to_string(kMaxQueuedDeletions) + " deletions"};
  const std::string path = path_of(directory, deletion);
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return base::errno_error(path);
  return {};
}

base::Result<std::vector<Deletion>> queued_deletions(const std::string& directory) {
  std::vector<Deletion> deletions;
  std::error_code failed;
  std::filesystem::directory_iterator entry(directory, failed);
  if (failed == std::errc::no_such_file_or_directory) return deletions;
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    Deletion deletion;
    if (read_name(entry->path().filename().string(), deletion)) deletions.push_back(std::move(deletion));
  }
  if (failed) return base::system_error(failed.value(), directory);
  std::sort(deletions.begin(), deletions.end());
  return deletions;
}

base::Result<void> unqueue_deletion(const std::string& directory, const Deletion& deletion) {
  const std::string path = path_of(directory, deletion);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return base::errno_error(path);
  return {};
}

}  // namespace io::cni
