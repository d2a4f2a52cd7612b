// The version of this build.
#pragma once

#include <string>

namespace status {

std::string version();  // "0.1.0"

}  // namespace status
