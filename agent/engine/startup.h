// What verbs of the engine need before the first turn.
#pragma once

#include "engine/options.h"
#include "model/fact.h"

namespace engine {

constexpr int kUsageError = 2;

// False, with the reason on stderr, when nothing says where objects come from.
bool objects_given(const Options& options);

model::Identity identity_of(const Options& options);

// Config, Setting, Problem and SourceStatus rows. With errors and nothing kept from an earlier start there is no Config row, and
// nothing is written for want of one.
model::Fact settings_fact(const Options& options);

}  // namespace engine
