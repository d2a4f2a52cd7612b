#include "io/files/replacement.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace io::files {
namespace {

constexpr size_t kBufferBytes = 65536;

}  // namespace

base::Result<Replacement> Replacement::begin(const std::string& path) {
  const std::filesystem::path target(path);
  std::string fresh = (target.parent_path() / ("." + target.filename().string() + ".new")).string();
  std::error_code failed;
  std::filesystem::create_directories(target.parent_path(), failed);
  if (failed) return base::system_error(failed.value(), path);
  base::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return base::errno_error(path);
  return Replacement(path, std::move(fresh), std::move(file));
}

Replacement::~Replacement() {
  if (file_) ::unlink(fresh_.c_str());
}

base::Result<void> Replacement::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() < kBufferBytes) return {};
  return flush();
}

base::Result<void> Replacement::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    ssize_t length = ::write(file_.get(), rest.data(), rest.size());
    if (length < 0 && errno != EINTR) return base::errno_error(path_);
    if (length > 0) rest.remove_prefix(static_cast<size_t>(length));
  }
  buffer_.clear();
  return {};
}

base::Result<void> Replacement::commit() {
  TRY(flush());
  if (::fsync(file_.get()) != 0 || std::rename(fresh_.c_str(), path_.c_str()) != 0) return base::errno_error(path_);
  file_ = base::Fd();
  base::Fd directory(::open(std::filesystem::path(path_).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return base::errno_error(path_);
  return {};
}

}  // namespace io::files
