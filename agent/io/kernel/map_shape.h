// What a map is: kind, sizes, and the layout of its keys and values, of one in the kernel as of one that an object declares.
#pragma once

#include <linux/bpf.h>

#include <cstdint>

#include "base/result.h"

struct bpf_map;
struct bpf_object;

namespace io::kernel {

struct MapShape {
  uint32_t type = 0;                      // BPF_MAP_TYPE_*
  uint32_t key_size = 0, value_size = 0;  // bytes
  uint32_t flags = 0;                     // BPF_F_*
  uint32_t entries = 0;                   // room
  // Digest of type, sizes, flags, and by BTF of the names, places and types of all members of key and value: the same for the same C.
  uint64_t layout = 0;
};

base::Result<bpf_map_info> map_info(int map_fd);
MapShape shape_of(const bpf_object* object, const bpf_map* map);
base::Result<MapShape> shape_of(int map_fd);

// Entries that a map must have room for to take over from this one: of a hash those that are there, of an array all up to the last that is
// not zero.
base::Result<uint32_t> entries_in_use(int map_fd, const MapShape& shape);

}  // namespace io::kernel
