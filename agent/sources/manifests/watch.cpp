#include "sources/manifests/watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sources/manifests/files.h"

namespace sources::manifests {
namespace {

constexpr uint32_t kMask =
    IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kReads = 256;  // a writer that never rests must not keep its news from being told

// A file just created is empty until its writer closes it. Links are whole at once, and nobody will close them.
bool is_link(int directory, const std::string& name) {
  struct stat status;
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return S_ISLNK(status.st_mode) || status.st_nlink > 1;
}

void note(const inotify_event& event, int directory, Touched& touched) {
  if (event.mask & IN_Q_OVERFLOW) touched.everything = true;
  if (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) touched.directory_gone = true;
  if (event.len == 0) return;
  std::string name(event.name);
  if (name.starts_with("..")) touched.everything = true;  // the kubelet's volumes: files are links through ..data
  if (!is_manifest(name)) return;
  if ((event.mask & IN_CREATE) && !is_link(directory, name)) return;
  touched.names.insert(std::move(name));
}

}  // namespace

base::Result<Watch> Watch::open(const std::string& path) {
  Watch watch;
  watch.path_ = path;
  watch.directory_ = TRY(open_directory(path));
  watch.inotify_ = base::Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch.inotify_) return base::errno_error("inotify");
  std::string opened = "/proc/self/fd/" + std::to_string(watch.directory());  // the path may lead elsewhere by now
  if (::inotify_add_watch(watch.inotify_.get(), opened.c_str(), kMask) < 0) return base::errno_error("cannot watch " + path);
  return watch;
}

Touched Watch::drain() {
  Touched touched;
  alignas(inotify_event) char buffer[32768];
  for (int i = 0; i < kReads; ++i) {
    ssize_t count = ::read(inotify_.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    for (ssize_t at = 0; at < count;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer + at);
      note(event, directory_.get(), touched);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  return touched;
}

bool Watch::is_current() const {
  struct stat path, open;
  return ::stat(path_.c_str(), &path) == 0 && ::fstat(directory_.get(), &open) == 0 && path.st_ino == open.st_ino &&
         path.st_dev == open.st_dev;
}

}  // namespace sources::manifests
