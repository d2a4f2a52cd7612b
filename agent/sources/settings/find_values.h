// Where in a document the values of Cilium's chart are: the whole of it, or a part of an object that carries them.
#pragma once

#include <vector>

#include "sources/settings/value.h"

namespace sources::settings {

// Later ones are laid over earlier ones. Empty: there are none.
std::vector<Value> find_values(const Value& document);

}  // namespace sources::settings
