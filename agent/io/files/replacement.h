// A file that takes the place of the one of its name when it is whole and on the disk: a power cut leaves the old one or the new one.
// For what is written in many pieces and seldom; io/files/files.h is for small files that only have to outlive the process.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace io::files {

class Replacement {
 public:
  // Makes the directories above it, too. The content waits in a file next to it whose name begins with a dot.
  static base::Result<Replacement> begin(const std::string& path);
  Replacement(Replacement&& other) = default;
  ~Replacement();  // without commit(): nothing has happened

  base::Result<void> write(std::string_view text);
  base::Result<void> commit();

 private:
  Replacement(std::string path, std::string fresh, base::Fd file)
      : path_(std::move(path)), fresh_(std::move(fresh)), file_(std::move(file)) {}
  base::Result<void> flush();

  std::string path_, fresh_, buffer_;
  base::Fd file_;
};

}  // namespace io::files
