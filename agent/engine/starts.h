// Sources that could not be started, tried again until they are: for want of a descriptor, a directory or a right, nobody exits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/fact.h"

namespace engine {

class Starts {
 public:
  // Tried at once. `start` may be called again after an error.
  void add(std::string name, std::function<base::Result<void>()> start);
  // Those that are due, and what changed: a Problem row for each that fails.
  model::Changes retry(base::BootTime now);
  base::BootTime next_try() const { return waiting_.empty() ? base::BootTime::max() : next_; }

 private:
  struct Start {
    std::string name;
    std::function<base::Result<void>()> start;
    std::string told;
  };
  bool attempt(Start& start);  // false: it is to be tried again

  std::vector<Start> waiting_;
  model::Changes changes_;
  base::BootTime next_{};  // zero: at once
};

}  // namespace engine
