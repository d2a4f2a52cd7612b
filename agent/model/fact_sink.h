// Where sources put facts: the engine's mailbox in an agent, a vector in tests and in the verb plan. Called from any thread.
#pragma once

#include <functional>

#include "model/fact.h"

namespace model {

using FactSink = std::function<void(Fact)>;

}  // namespace model
