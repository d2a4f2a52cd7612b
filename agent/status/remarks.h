// What is amiss, as lines for the log: each is said once, when it has lasted, and not again while it stays or comes and goes. Digits do not
// tell two lines apart, because counts and times in them change all the while. No clock, no log.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace status {

class Remarks {
 public:
  // Those of the lines that are to be said now; of very many a few, and how many more there are.
  std::vector<std::string> due(const std::vector<std::string>& lines, base::BootTime now);
  // A line waits for having lasted long enough: ask again soon.
  bool waiting() const { return waiting_; }

 private:
  struct Line {
    base::BootTime since{}, seen{};
    bool said = false;
  };
  std::map<std::string, Line> lines_;  // by text without digits
  bool waiting_ = false;
};

}  // namespace status
