// A merged map of values against the table of keys.
#pragma once

#include "sources/settings.h"
#include "sources/settings/value.h"

namespace sources::settings {

// Fills config, settings and errors of the result.
void judge(const Value& values, Settings& result);

}  // namespace sources::settings
