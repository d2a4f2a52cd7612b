// Text of a values file to a Value, within bounds that hostile text cannot pass.
#pragma once

#include <string>
#include <variant>

#include "sources/settings.h"
#include "sources/settings/value.h"

namespace sources::settings {

constexpr size_t kMaxFileBytes = 1 << 20;

// A map, or null for an empty file; else the first thing that is wrong with it.
std::variant<Value, model::Problem> read_values(const NamedText& file);

}  // namespace sources::settings
