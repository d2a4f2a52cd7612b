// A Value as YAML that reads back as the same Value.
#pragma once

#include <functional>
#include <string>

#include "sources/settings/value.h"

namespace sources::settings {

// A line per key; lists stand on their key's line. comment(path) is written behind that key's line where it is not empty.
std::string print(const Value& map, const std::function<std::string(const std::string& path)>& comment);

}  // namespace sources::settings
