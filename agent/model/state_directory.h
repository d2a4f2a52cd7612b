// The row by which everybody knows that the state directory takes nothing: source and readiness agree on its key.
#pragma once

namespace model {

inline constexpr const char* kStateDirectoryKey = "state directory";  // of a Problem row

}  // namespace model
