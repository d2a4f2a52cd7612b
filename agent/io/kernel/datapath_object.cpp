#include "io/kernel/datapath_object.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <set>

#include "io/kernel/bpf_pins.h"
#include "io/kernel/migration.h"

namespace io::kernel {
namespace {

using model::desired::DatapathObject;
using model::desired::MapSize;

struct PinnedMap {
  const MapKind* kind;
  uint32_t id, entries;
};

// Those of the versions that this executable knows.
base::Result<std::vector<PinnedMap>> pinned_maps(const std::string& bpf_root, std::span<const MapKind> kinds) {
  std::vector<PinnedMap> maps;
  for (const MapKind& kind : kinds) {
    auto fd = open_pin(bpf_root + "/maps/" + pin_of(kind.name, kind.version));
    if (!fd.ok() && fd.error().code == ENOENT) continue;
    if (!fd.ok()) return fd.error();
    const bpf_map_info facts = TRY(map_info(fd->get()));
    maps.push_back({&kind, facts.id, facts.max_entries});
  }
  return maps;
}

base::Result<std::set<uint32_t>> maps_of_generation(const std::string& bpf_root, const std::string& generation) {
  std::set<uint32_t> all;
  for (const auto& name : TRY(pin_names(bpf_root + "/programs/" + generation))) {
    base::Fd program = TRY(open_program(bpf_root, generation, name));
    std::array<uint32_t, 64> ids{};
    bpf_prog_info facts = {};
    facts.nr_map_ids = ids.size();
    facts.map_ids = reinterpret_cast<uint64_t>(ids.data());
    uint32_t size = sizeof facts;
    if (bpf_prog_get_info_by_fd(program.get(), &facts, &size) != 0) return base::errno_error("maps of program " + name);
    all.insert(ids.begin(), ids.begin() + std::min<size_t>(facts.nr_map_ids, ids.size()));
  }
  return all;
}

}  // namespace

base::Result<std::vector<DatapathObject>> DatapathObjectStore::list() {
  const auto maps = TRY(pinned_maps(bpf_root_, image_.kinds));
  const auto generations = TRY(pin_names(bpf_root_ + "/programs"));
  const bool ended = std::none_of(generations.begin(), generations.end(), [](const auto& name) { return name.find('-') != name.npos; }) &&
                     TRY(pin_names(bpf_root_ + "/maps")).size() == image_.kinds.size();
  std::vector<DatapathObject> rows;
  for (const auto& generation : generations) {
    if (generation.find('-') != generation.npos) continue;
    DatapathObject row{.generation = generation, .config = {}, .maps = {}};
    const auto used = TRY(maps_of_generation(bpf_root_, generation));
    const bool whole = ended && maps.size() == image_.kinds.size() &&
                       std::all_of(maps.begin(), maps.end(), [&](const auto& map) { return used.contains(map.id); });
    for (const auto& map : maps)
      if (whole && has_size(*map.kind)) row.maps.push_back({std::string(map.kind->name), map.entries});
    rows.push_back(std::move(row));
  }
  return rows;
}

base::Result<bool> DatapathObjectStore::is_whole(const std::string& generation) {
  const auto rows = TRY(list());
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.generation == generation && !row.maps.empty(); });
}

base::Result<void> DatapathObjectStore::put(const DatapathObject& row, const DatapathObject*) {
  const std::string digest = digest_of(image_);
  if (row.generation != model::desired::generation_of(digest, row.config))
    return base::Error{EINVAL, "datapath object " + row.generation + ": this executable holds " + digest};
  TRY(make_pin_directory(bpf_root_, "maps"));
  TRY(make_pin_directory(bpf_root_, "programs"));
  TRY(remove_remnants(bpf_root_));
  Migration migration(bpf_root_, image_, row);
  TRY_IN(migration.look(), "datapath object " + row.generation);
  if (!migration.changes_maps()) {
    TRY(migration.collect());
    if (TRY(is_whole(row.generation))) return {};
  }
  TRY_IN(migration.run(), "datapath object " + row.generation);
  return {};
}

base::Result<void> DatapathObjectStore::remove(const DatapathObject& actual) {
  TRY(remove_remnants(bpf_root_));
  return remove_generation(bpf_root_, actual.generation);
}

}  // namespace io::kernel
