// Whether text is well-formed UTF-8 (RFC 3629): yaml-cpp passes any bytes on, but what becomes a row is printed as JSON later.
#pragma once

#include <string_view>

namespace sources::decode {

bool is_utf8(std::string_view text);

}  // namespace sources::decode
