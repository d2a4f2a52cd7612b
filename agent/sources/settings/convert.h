// Values files of Cilium's chart to what ichor supports of them.
#pragma once

#include <vector>

#include "sources/settings.h"

namespace sources::settings {

Conversion convert(const std::vector<NamedText>& files);

}  // namespace sources::settings
