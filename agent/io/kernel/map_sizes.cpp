#include "io/kernel/map_sizes.h"

#include "io/kernel/bpf_pins.h"
#include "io/kernel/map_kinds.h"
#include "io/kernel/migration.h"

namespace io::kernel {

using model::desired::MapSize;

base::Result<std::vector<MapSize>> MapSizeStore::list() {
  std::vector<MapSize> rows;
  for (const MapKind& kind : map_kinds()) {
    if (!has_size(kind)) continue;
    auto fd = open_map(bpf_root_, std::string(kind.name));
    if (!fd.ok() && fd.error().code == ENOENT) continue;
    if (!fd.ok()) return fd.error();
    rows.push_back({std::string(kind.name), TRY(map_info(fd->get())).max_entries});
  }
  return rows;
}

base::Result<void> MapSizeStore::put(const MapSize& row, const MapSize*) {
  base::Fd map = TRY(open_map(bpf_root_, row.map));
  if (TRY(map_info(map.get())).max_entries == row.entries) return {};
  const MapShape shape = TRY(shape_of(map.get()));
  const uint32_t in_use = TRY(entries_in_use(map.get(), shape)), least = least_size(shape, in_use);
  const std::string has =
      "map " + row.map + " has room for " + std::to_string(shape.entries) + " entries, not for " + std::to_string(row.entries);
  if (row.entries >= least) return base::Error{EAGAIN, has + ": it could not be changed yet"};
  return base::Error{ENOSPC,
                     has + ": " + std::to_string(in_use) + " are in use, so it shrinks to " + std::to_string(least) + " at the least"};
}

}  // namespace io::kernel
