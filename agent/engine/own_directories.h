// The directories that one agent has for itself: what it is spoken to by (run), what it keeps (state) and what it pins (BPF root). Two that
// shared any of them would undo each other's work.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/options.h"

namespace engine {

class OwnDirectories {
 public:
  explicit OwnDirectories(const Options& options);

  // Makes and takes those that it has not got yet. EBUSY: another agent holds one, and none of the later ones is taken, so that two agents
  // never wait for each other. Other errors say which one cannot be had; the rest are taken.
  base::Result<void> take();

 private:
  struct Directory {
    std::string path;
    base::Fd lock = {};  // empty: not taken
  };
  std::vector<Directory> directories_;  // in the order in which every agent takes them
};

}  // namespace engine
