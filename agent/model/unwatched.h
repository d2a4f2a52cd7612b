// Objects that the API server does not let this node watch, although it answers: what the source says of them, and readiness heeds.
#pragma once

namespace model {

constexpr const char* kUnwatchedKey = "api unwatched";  // of its Problem row

}  // namespace model
