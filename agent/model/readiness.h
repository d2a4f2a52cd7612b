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

std::vector<Check> readiness(const Published& published);
bool ready(const std::vector<Check>& checks);

}  // namespace model
