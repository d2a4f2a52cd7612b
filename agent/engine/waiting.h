// What an agent cannot begin without, waited for in the open: its directories, which another agent may hold, and its own name.
#pragma once

#include <functional>
#include <string>

#include "engine/process.h"
#include "model/snapshot.h"

namespace engine {

struct Awaited {
  std::string subject;  // of the Problem row that shows the error of `attempt`
  std::string remedy;
  std::function<base::Result<void>()> attempt;  // called again and again until it succeeds
};

// Meanwhile /status shows `known` and what is waited for. False: asked to stop.
bool wait_for(Process& process, const model::Snapshot& known, const Awaited& awaited);

}  // namespace engine
