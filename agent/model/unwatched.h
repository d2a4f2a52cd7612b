// Objects that the API server does not let this node watch, although it answers: what the source says of them, and readiness heeds.
#pragma once

namespace model {

constexpr const char* kUnwatched = "unwatched";  // names its problem; see problem_key()

}  // namespace model
