#include "io/kernel/datapath_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "io/kernel/bpf_object.h"
#include "io/kernel/bpf_pins.h"

namespace io::kernel {
namespace {

using model::desired::DatapathObject;

constexpr const char* kNew = "-new";
constexpr const char* kOld = "-old";

base::Result<bpf_map_info> map_facts(int fd) {
  bpf_map_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_map_get_info_by_fd(fd, &facts, &size) != 0) return base::errno_error("map's facts");
  return facts;
}

base::Result<std::map<std::string, bpf_map_info>> pinned_maps(const std::string& bpf_root) {
  std::map<std::string, bpf_map_info> maps;
  for (const auto& name : TRY(pin_names(bpf_root + "/maps"))) maps[name] = TRY(map_facts(TRY(open_map(bpf_root, name)).get()));
  return maps;
}

base::Result<std::vector<uint32_t>> maps_of_program(int program_fd) {
  std::array<uint32_t, 64> ids{};
  bpf_prog_info facts = {};
  facts.nr_map_ids = ids.size();
  facts.map_ids = reinterpret_cast<uint64_t>(ids.data());
  uint32_t size = sizeof facts;
  if (bpf_prog_get_info_by_fd(program_fd, &facts, &size) != 0) return base::errno_error("program's maps");
  return std::vector<uint32_t>(ids.begin(), ids.begin() + std::min<size_t>(facts.nr_map_ids, ids.size()));
}

// Entries of a map that forgets what was used least, each about 128 bytes with its node.
uint32_t forgetting_map_size(uint64_t most, uint64_t bytes_of_memory_per_entry) {
  struct sysinfo memory = {};
  sysinfo(&memory);
  return static_cast<uint32_t>(std::min(most, static_cast<uint64_t>(memory.totalram) * memory.mem_unit / bytes_of_memory_per_entry));
}
// Session affinity: an entry per pod and Service that it calls; a two-thousandth.
uint32_t affinities_size() { return forgetting_map_size(32768, 256 << 10); }

// Entries by map; a map that is not in here is declared with its size.
std::map<std::string, uint32_t> sizes_of(const DatapathObject& row) {
  constexpr uint32_t kFrontendsPerService = 4;  // cluster IPs of one family, external and ingress addresses, node ports
  return {{"service_sets", row.services},
          {"set_hashes", row.services},
          {"set_options", row.services},
          {"frontend_sets", row.services * kFrontendsPerService},
          {"set_slots", row.slots},
          {"backends", row.backends},
          {"pods", row.pods},
          {"pod_sources", row.pods},
          {"affinities", affinities_size()}};
}

base::Result<void> reuse_map(bpf_map* map, const std::string& name, const bpf_map_info& pinned, int fd) {
  if (pinned.type != bpf_map__type(map) || pinned.key_size != bpf_map__key_size(map) || pinned.value_size != bpf_map__value_size(map) ||
      pinned.map_flags != bpf_map__map_flags(map))
    return base::Error{
        EEXIST, "map " + name + ": what is pinned under this name is laid out otherwise; remove the pin, its entries cannot be used"};
  if (int error = -bpf_map__reuse_fd(map, fd)) return base::system_error(error, "map " + name);
  return {};
}

base::Result<void> remove_directory(const std::string& directory) {
  for (const auto& name : TRY(pin_names(directory))) TRY(remove_pin(directory + "/" + name));
  if (rmdir(directory.c_str()) != 0 && errno != ENOENT) return base::errno_error("directory " + directory);
  return {};
}

base::Result<void> rename_directory(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) return base::errno_error("rename " + from + " to " + to);
  return {};
}

}  // namespace

base::Result<std::vector<DatapathObject>> DatapathObjectStore::list() {
  auto maps = TRY(pinned_maps(bpf_root_));
  std::set<uint32_t> pinned_ids;
  for (const auto& [name, facts] : maps) pinned_ids.insert(facts.id);

  std::vector<DatapathObject> rows;
  for (const auto& generation : TRY(pin_names(bpf_root_ + "/programs"))) {
    if (generation.find('-') != generation.npos) continue;
    auto names = TRY(pin_names(programs(generation)));
    bool whole = !names.empty();
    for (const auto& name : names)
      for (uint32_t id : TRY(maps_of_program(TRY(open_program(bpf_root_, generation, name)).get())))
        whole = whole && pinned_ids.contains(id);
    if (!whole) continue;
    rows.push_back({.generation = generation,
                    .services = maps["service_sets"].max_entries,
                    .slots = maps["set_slots"].max_entries,
                    .backends = maps["backends"].max_entries,
                    .pods = maps["pods"].max_entries});
  }
  return rows;
}

base::Result<void> DatapathObjectStore::put(const DatapathObject& row, const DatapathObject*) {
  if (row.generation != program_generation())
    return base::Error{EINVAL, "datapath object " + row.generation + ": this executable holds " + program_generation()};
  TRY(make_pin_directory(bpf_root_, "maps"));
  TRY(make_pin_directory(bpf_root_, "programs"));
  TRY(remove_remnants());
  for (const auto& whole : TRY(list()))
    if (whole.generation == row.generation) return {};
  TRY_IN(load(row), "datapath object " + row.generation);
  return {};
}

// Maps first, then all programs under a name that counts for nothing, then the name: a crash leaves maps without entries or
// programs without a name, and both are taken up by the next put.
base::Result<void> DatapathObjectStore::load(const DatapathObject& row) {
  BpfObject object = TRY(open_object());
  auto pinned = TRY(pinned_maps(bpf_root_));
  auto sizes = sizes_of(row);
  std::vector<bpf_map*> unpinned;
  bpf_map* map;
  bpf_object__for_each_map(map, object.get()) {
    const std::string name = bpf_map__name(map);
    if (bpf_map__is_internal(map)) continue;
    if (auto found = pinned.find(name); found != pinned.end()) {
      TRY(reuse_map(map, name, found->second, TRY(open_map(bpf_root_, name)).get()));
      continue;
    }
    if (sizes.contains(name)) bpf_map__set_max_entries(map, std::max(sizes[name], 1U));
    unpinned.push_back(map);
  }
  TRY(load_object(object.get()));

  for (bpf_map* made : unpinned) TRY(make_pin(bpf_map__fd(made), bpf_root_ + "/maps/" + bpf_map__name(made)));
  const std::string directory = programs(row.generation);
  TRY(make_pin_directory(bpf_root_, "programs/" + row.generation + kNew));
  bpf_program* program;
  bpf_object__for_each_program(program, object.get())
      TRY(make_pin(bpf_program__fd(program), directory + kNew + "/" + bpf_program__name(program)));
  TRY(rename_directory(directory, directory + kOld));  // one that lost a map
  TRY(rename_directory(directory + kNew, directory));
  return remove_remnants();
}

base::Result<void> DatapathObjectStore::remove(const DatapathObject& actual) {
  TRY(remove_remnants());
  TRY(rename_directory(programs(actual.generation), programs(actual.generation) + kOld));
  return remove_remnants();
}

base::Result<void> DatapathObjectStore::remove_remnants() {
  for (const auto& name : TRY(pin_names(bpf_root_ + "/programs")))
    if (name.find('-') != name.npos) TRY(remove_directory(programs(name)));
  return {};
}

}  // namespace io::kernel
