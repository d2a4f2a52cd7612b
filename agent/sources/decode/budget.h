// What one file may cost. Hostile input is refused by these bounds before it can eat the node's memory or a thread's stack.
#pragma once

#include <cstddef>

namespace sources::decode {

constexpr size_t kMaxTextBytes = 16 << 20;
constexpr size_t kMaxDepth = 64;             // nested maps and lists
constexpr size_t kMaxValues = 2'000'000;     // scalars, maps and lists in one file
constexpr size_t kMaxObjects = 100'000;      // in one file, items of lists and documents included
constexpr size_t kMaxAliasBytes = 16 << 20;  // what YAML anchors and aliases of one file may copy

struct Budget {
  size_t values = kMaxValues;
  size_t alias_bytes = kMaxAliasBytes;
};

}  // namespace sources::decode
