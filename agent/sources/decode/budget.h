// What one file may cost. Hostile input is refused by these bounds before it can eat the node's memory or a thread's stack.
#pragma once

#include <cstddef>

namespace sources::decode {

constexpr size_t kMaxTextBytes = 16 << 20;
constexpr size_t kMaxDepth = 64;         // nested maps and lists
constexpr size_t kMaxObjects = 100'000;  // in one file, items of lists and documents included

struct Limits {
  size_t values = 2'000'000;      // scalars, maps and lists in one file
  size_t alias_bytes = 16 << 20;  // what YAML anchors and aliases of one file may copy
};

struct Budget {
  Limits limits;
  Limits left = limits;
};

}  // namespace sources::decode
