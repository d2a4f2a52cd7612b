// Rows as the objects they were decoded from, as far as the rows say: decoding what is written here gives the same row.
#pragma once

#include <nlohmann/json.hpp>

#include "sources/decode/objects.h"

namespace sources::api_server {

nlohmann::json encode_row(const decode::ObjectRow& row);  // with its `kind`

}  // namespace sources::api_server
