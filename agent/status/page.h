// The web page of the agent: one file without anything from elsewhere, filled from /status and /tables.
#pragma once

#include <string_view>

namespace status {

extern const std::string_view kPage;

}  // namespace status
