// The type of a YAML scalar by the core schema (YAML 1.2.2 section 10.3.2), for objects and values files alike.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace sources::decode {

// `tag` as yaml-cpp gives it: "?" for plain scalars, "!" for quoted ones, else the full tag. Unknown tags are an error.
base::Result<nlohmann::json> typed_scalar(const std::string& tag, const std::string& text);

}  // namespace sources::decode
