// One --set argument in Helm's syntax: "a.b=value,c={x,y}", with \ before a comma, dot or brace that is meant as such.
#pragma once

#include <string>
#include <variant>

#include "sources/settings/value.h"

namespace sources::settings {

std::variant<Value, model::Problem> read_set(const std::string& argument);

}  // namespace sources::settings
