#include "sources/manifests/files.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/thread.h"
#include "sources/decode/budget.h"

namespace sources::manifests {
namespace {

constexpr size_t kMany = 64;                      // files: worth a thread, and too many texts to hold
constexpr size_t kHeldBytes = size_t{256} << 10;  // a larger text is better read twice

ReadFile read_and_decode(int directory, const std::string& name, bool with_text) {
  ReadFile file;
  file.name = name;
  auto read = read_file(directory, name);
  if (!read.ok()) {
    file.error = read.error().code;
    file.error_text = read.error().text;
    return file;
  }
  file.stamp = read->stamp;
  file.contents = decode::decode_objects(name, read->text);
  if (with_text && read->text.size() <= kHeldBytes) file.text = std::move(read->text);
  return file;
}

}  // namespace

bool is_manifest(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

base::Result<base::Fd> open_directory(const std::string& path) {
  base::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return base::errno_error("cannot read " + path);
  return directory;
}

base::Result<std::vector<std::string>> list_manifests(int directory) {
  // A descriptor of its own: the position in a directory belongs to the open file.
  int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(own < 0 ? nullptr : ::fdopendir(own), ::closedir);
  if (!stream) return base::errno_error("cannot list");
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get()))
    if (entry->d_type != DT_DIR && is_manifest(entry->d_name)) names.emplace_back(entry->d_name);
  if (errno) return base::errno_error("cannot list");
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<FileText> read_file(int directory, const std::string& name) {
  base::Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not hold the thread
  if (!fd) return base::errno_error("cannot open");
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return base::errno_error("cannot stat");
  if (S_ISDIR(status.st_mode)) return base::system_error(ENOENT, "is a directory");
  if (!S_ISREG(status.st_mode)) return base::Error{EINVAL, "is not a regular file"};
  if (static_cast<size_t>(status.st_size) > decode::kMaxTextBytes) return base::Error{EFBIG, "is larger than 16 MiB"};
  FileText file{std::string(status.st_size, '\0'), {status.st_mtim, status.st_size}};
  size_t filled = 0;
  while (filled < file.text.size()) {
    ssize_t count = ::read(fd.get(), file.text.data() + filled, file.text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::errno_error("cannot read");
    if (count == 0) break;
    filled += count;
  }
  file.text.resize(filled);
  return file;
}

std::vector<ReadFile> read_files(int directory, const std::vector<std::string>& names) {
  std::vector<ReadFile> files(names.size());
  bool few = names.size() < kMany;
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < names.size();) files[i] = read_and_decode(directory, names[i], few);
  };
  base::Thread second;
  if (!few) (void)second.start(work);  // without it the work takes longer
  work();
  if (second.joinable()) second.join();
  return files;
}

}  // namespace sources::manifests
