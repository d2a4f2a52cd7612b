// Rows as the objects they were decoded from, as far as the rows say: decoding what is written here gives the same row, but for its
// resourceVersion.
#pragma once

#include <string>

#include "sources/decode/objects.h"

namespace sources::api_server {

// JSON on one line. What a field says by its absence is left out: fewer bytes to write, and to read at a start.
std::string encode_row(const decode::ObjectRow& row);

}  // namespace sources::api_server
