// The checks behind /readyz: each has a name, so that a failing one can be named.
#pragma once

#include <string>
#include <vector>

#include "model/effect.h"

namespace status {

struct Check {
  std::string name;  // "settings", "objects", "programs", "canary", ...
  bool ok = false;
  std::string text;  // why not, or what was seen
};

// A check named "start" or "state_dir" is there only when it fails: most nodes never see one.
std::vector<Check> readiness(const model::Published& published);
bool ready(const std::vector<Check>& checks);
// What all pods depend on is in the kernel as wanted, or nothing is wanted yet.
bool is_programmed(const model::Published& published);

}  // namespace status
