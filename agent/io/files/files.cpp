#include "io/files/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace io::files {

std::string fresh_path(const std::string& path) {
  const std::filesystem::path target(path);
  return (target.parent_path() / ("." + target.filename().string() + ".new")).string();
}

base::Result<void> write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t length = ::write(file, content.data(), content.size());
    if (length < 0 && errno != EINTR) return base::errno_error(path);
    if (length > 0) content.remove_prefix(static_cast<size_t>(length));
  }
  return {};
}

base::Result<std::string> read_file(const std::string& path) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return base::errno_error(path);
  std::string content;
  char part[16384];
  for (;;) {
    const ssize_t length = ::read(file.get(), part, sizeof part);
    if (length == 0) return content;
    if (length < 0 && errno != EINTR) return base::errno_error(path);
    if (length > 0) content.append(part, static_cast<size_t>(length));
  }
}

base::Result<void> write_file(const std::string& path, const std::string& content) {
  const std::string fresh = fresh_path(path);
  const auto create = [&fresh] { return base::Fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)); };
  base::Fd file = create();
  if (!file && errno == ENOENT) {
    std::error_code failed;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
    if (failed) return base::system_error(failed.value(), path);
    file = create();
  }
  if (!file) return base::errno_error(path);
  auto written = write_all(file.get(), content, path);
  if (written && std::rename(fresh.c_str(), path.c_str()) != 0) written = base::errno_error(path);
  if (!written) ::unlink(fresh.c_str());
  return written;
}

base::Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return base::errno_error(path);
  return {};
}

base::Result<std::string> boot_id() {
  const std::string text = TRY(read_file("/proc/sys/kernel/random/boot_id"));
  return std::string(base::trim(text));
}

}  // namespace io::files
