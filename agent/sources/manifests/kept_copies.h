// STATE-DIR/manifests: for each manifest file the last content that is in force, so that a file broken while the agent is away
// still has one. Written after the facts were told, never before. Not synced to disk: what matters is another process, and after
// a crash of the machine a copy that does not carry its file's time and size is written anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sources/manifests/files.h"

namespace sources::manifests {

// What is to be copied.
struct Version {
  Stamp stamp;
  bool is_broken = false;
  std::optional<std::string> text;  // nullopt: read it again, unless the file has changed since
};

class KeptCopies {
 public:
  explicit KeptCopies(std::string state_dir) : path_(std::move(state_dir) + "/manifests") {}

  const std::string& path() const { return path_; }
  base::Result<void> open();  // makes the directory
  std::vector<std::string> names() const;
  std::optional<decode::Contents> contents(const std::string& name) const;

  // A file that is broken, in parts or whole, is merged with its copy.
  base::Result<void> keep(int directory, const std::string& name, const Version& version);
  base::Result<void> forget(const std::string& name);

 private:
  base::Result<void> write(const std::string& name, std::string_view text, const Stamp& stamp);

  std::string path_;
  base::Fd directory_;
};

// A JSON List of what is in force when `now` follows `before`: the rule of Collection::put, on text.
std::string merged_text(const std::string& file, std::string_view before, std::string_view now);

}  // namespace sources::manifests
