#include "io/files/replacement.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "io/files/files.h"

namespace io::files {
namespace {

constexpr size_t kBufferBytes = 65536;

}  // namespace

base::Result<Replacement> Replacement::begin(const std::string& path) {
  std::string fresh = fresh_path(path);
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
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
  TRY(write_all(file_.get(), buffer_, path_));
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
