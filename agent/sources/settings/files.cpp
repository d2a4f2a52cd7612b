#include "sources/settings/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/fd.h"

namespace sources::settings {
namespace {

base::Result<void> write_all(const base::Fd& file, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::errno_error("write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, size_t most_bytes) {
  base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO without a writer must not hold up the start
  if (!file) return base::errno_error("cannot be read");
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return base::errno_error("cannot be read");
  if (!S_ISREG(status.st_mode)) return base::Error{EINVAL, "is not a regular file"};
  std::string text;
  char part[65536];
  for (;;) {
    ssize_t got = ::read(file.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error("cannot be read");
    if (got == 0) return text;
    text.append(part, static_cast<size_t>(got));
    if (text.size() > most_bytes) return base::Error{EFBIG, "is larger than " + std::to_string(most_bytes >> 10) + " KiB"};
  }
}

base::Result<void> replace_file(const std::string& path, const std::string& text) {
  std::string beside = path + ".new";
  {
    base::Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return base::errno_error(beside);
    TRY_IN(write_all(file, text), beside);
    if (::fsync(file.get()) != 0) return base::errno_error(beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return base::errno_error(path);
  return {};
}

}  // namespace sources::settings
