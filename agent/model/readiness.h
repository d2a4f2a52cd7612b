// The checks behind /readyz: each has a name, so that a failing one can be named.
#pragma once

#include <string>
#include <vector>

#include "model/effect.h"

namespace model {

struct Check {
  std::string name;  // "settings", "objects", "programs", "canary", ...
  bool ok = false;
  std::string text;  // why not, or what was seen
};

// The key of the Problem row of what has not started, or is waited for at the start.
inline std::string start_key(const std::string& name) { return "start/" + name; }

// A check named "start" or "state_dir" is there only when it fails: most nodes never see one.
std::vector<Check> readiness(const Published& published);
bool ready(const std::vector<Check>& checks);

}  // namespace model
