#include "status/version.h"

namespace status {

std::string version() { return ICHOR_VERSION; }

}  // namespace status
