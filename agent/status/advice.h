// What to do about a failing check of readiness.
#pragma once

#include <string>
#include <string_view>

namespace status {

std::string_view advice(std::string_view check);  // a check's name; "" for an unknown one

}  // namespace status
