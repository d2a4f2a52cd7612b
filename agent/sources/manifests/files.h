// Reading manifest files: which names count, one file's text, and many files read and decoded by two threads at once.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sources/decode/objects.h"

namespace sources::manifests {

// Tells one version of a file from another.
struct Stamp {
  timespec modified{};
  off_t size = 0;  // bytes

  bool operator==(const Stamp& other) const {
    return size == other.size && modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
  }
};

struct FileText {
  std::string text;
  Stamp stamp;
};

// *.yaml, *.yml and *.json that do not begin with a dot.
bool is_manifest(std::string_view name);
base::Result<base::Fd> open_directory(const std::string& path);
base::Result<std::vector<std::string>> list_manifests(int directory);  // sorted
// ENOENT: no such file, or a directory. Anything but a regular file of at most 16 MiB is an error.
base::Result<FileText> read_file(int directory, const std::string& name);

// The text comes along when few files are read, for who wants a copy of just this version.
struct ReadFile {
  std::string name;
  int error = 0;  // errno value; ENOENT: there is no such file
  std::string error_text;
  Stamp stamp;
  std::optional<std::string> text;
  decode::Contents contents;
};
// In the order of `names`, whatever the threads' timing.
std::vector<ReadFile> read_files(int directory, const std::vector<std::string>& names);

}  // namespace sources::manifests
