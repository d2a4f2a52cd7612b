// inotify on the manifest directory: which names were touched since the last look.
#pragma once

#include <sys/stat.h>

#include <set>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sources::manifests {

struct Touched {
  std::set<std::string> names;  // manifests only
  bool everything = false;      // events were lost, or a symbolic link that files hang on was swapped
  bool directory_gone = false;  // the path may lead elsewhere now
};

class Watch {
 public:
  // Whoever lists the directory after this misses no change.
  static base::Result<Watch> open(const std::string& path);

  int directory() const { return directory_.get(); }
  int fd() const { return inotify_.get(); }
  Touched drain();          // all that is pending; does not block
  bool is_current() const;  // the path still leads to the watched directory

 private:
  std::string path_;
  base::Fd inotify_, directory_;
};

}  // namespace sources::manifests
