// Every map of the datapath: the version of its layout, which is part of its pin's name, who writes it, and how its entries come into
// a map of another size or layout. A new map is a line here; so is a new layout: a higher version, the new digest, and a conversion.
//
// What holds at every moment, also when the agent is killed in the middle: the map that is pinned is complete, and every program that is
// attached reads and writes it. What programs write to a map that is being migrated goes into both (bpf/lib/migration.h), so a claim, of
// a port say, holds in both; io/kernel/migration.h has the steps.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace io::kernel {

enum class Writer : uint8_t {
  kAgent,     // stores, in the thread that also migrates: complete once it is copied
  kPrograms,  // programs, at any moment
  kCounters,  // programs, and only sums count, or it is a cache: begins at zero with a new layout
  kSweeper,   // programs, and it is set going anew with each generation
  kSockets,   // in the sockets themselves, of which there is no list: begins empty with a new layout
};

// Makes an entry of the version before into one of this version; both in this machine's byte order, sized as their maps are.
using Convert = void (*)(const void* key, const void* value, void* new_key, void* new_value);

struct MapKind {
  std::string_view name;  // in the object
  uint32_t version = 1;
  Writer writer = Writer::kAgent;
  uint64_t layout = 0;        // MapShape::layout of what the object declares; tests/io holds the two together
  uint32_t migrating = 0;     // kPrograms: the bit of datapath_config by which programs look into the map NAME_former too
  Convert convert = nullptr;  // from the version before; null: the map then begins empty
  bool one_entry = false;     // and never more
};

std::span<const MapKind> map_kinds();
const MapKind* find_kind(std::span<const MapKind> kinds, std::string_view name);

// Its size is a row's; other maps have the size that they are declared with.
inline bool has_size(const MapKind& kind) {
  return !kind.one_entry && kind.writer != Writer::kCounters && kind.writer != Writer::kSweeper && kind.writer != Writer::kSockets;
}

std::string pin_of(std::string_view map, uint32_t version);  // "backends_v1"

}  // namespace io::kernel
