#include "io/kernel/migration.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/side_by_side.h"
#include "io/kernel/attachments.h"
#include "io/kernel/bpf_pins.h"
#include "io/kernel/filters.h"
#include "io/kernel/map_entries.h"
#include "io/kernel/netkit.h"

namespace io::kernel {
namespace {

using model::desired::DatapathObject;

constexpr const char* kNew = "-new";
constexpr const char* kOld = "-old";
constexpr const char* kBetween = "-between";
constexpr const char* kFormer = "_former";

bpf_map* declared_map(bpf_object* object, std::string_view name) { return bpf_object__find_map_by_name(object, std::string(name).c_str()); }

// The version in a pin's name; 0: it is another map's.
uint32_t version_in(const std::string& pin, std::string_view map) {
  const std::string prefix = std::string(map) + "_v";
  if (!pin.starts_with(prefix)) return 0;
  const uint32_t version = static_cast<uint32_t>(std::strtoul(pin.c_str() + prefix.size(), nullptr, 10));
  return pin == pin_of(map, version) ? version : 0;
}

base::Result<void> rename_directory(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) return base::errno_error("rename " + from + " to " + to);
  return {};
}

// Without loading the object: that would read all types of the kernel first. 0 entries: as many as are declared.
base::Result<base::Fd> make_map(const bpf_map* map, uint32_t entries, int types) {
  LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<uint32_t>(types), .btf_key_type_id = bpf_map__btf_key_type_id(map),
              .btf_value_type_id = bpf_map__btf_value_type_id(map), .map_flags = bpf_map__map_flags(map));
  base::Fd made(bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map), bpf_map__value_size(map),
                               entries ? entries : bpf_map__max_entries(map), &options));
  if (!made) return base::errno_error("map " + std::string(bpf_map__name(map)));
  return made;
}

// Before the maps are pinned: killed in between, what runs is left to the generation before, and the next run begins anew.
base::Result<void> start_flow_sweeper(const LoadedPrograms& programs) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(programs.fd("start_flow_sweeper"), &options) != 0) return base::errno_error("program start_flow_sweeper");
  if (const int error = -static_cast<int>(options.retval)) return base::system_error(error, "program start_flow_sweeper");
  return {};
}

}  // namespace

uint32_t least_size(const MapShape& shape, uint32_t in_use) {
  return shape.type == BPF_MAP_TYPE_LRU_HASH ? in_use + in_use / 3 + 1 : in_use;  // it evicts while a part of it lies with other CPUs
}

base::Result<void> Migration::look() {
  members_.clear();
  BpfObject object = TRY(open_object(image_));
  const auto pins = TRY(pin_names(bpf_root_ + "/maps"));
  bpf_map* map;
  bpf_object__for_each_map(map, object.get()) {
    const std::string name = bpf_map__name(map);
    if (bpf_map__is_internal(map) || name.ends_with(kFormer)) continue;
    Member member;
    member.kind = find_kind(image_.kinds, name);
    member.wanted = shape_of(object.get(), map);
    if (!member.kind) return base::Error{EINVAL, "map " + name + ": the table of maps does not know it"};
    for (const auto& size : wanted_.maps)
      if (size.map == name) member.wanted.entries = std::max(size.entries, 1U);
    const bpf_map* former = declared_map(object.get(), name + kFormer);
    TRY_IN(look_at(member, pins), "map " + name);
    member.looks_in_both = former && member.kind->migrating && shape_of(object.get(), former).layout == member.found.layout;
    members_.push_back(std::move(member));
  }
  return {};
}

base::Result<void> Migration::look_at(Member& member, const std::vector<std::string>& pins) {
  uint32_t version = 0;
  for (const auto& pin : pins) {  // its own version, else the latest
    const uint32_t other = version_in(pin, member.kind->name);
    if (other && version != member.kind->version && (other == member.kind->version || other > version)) version = other;
  }
  if (!version) return {};
  member.current = TRY(open_pin(bpf_root_ + "/maps/" + pin_of(member.kind->name, version)));
  member.found = TRY(shape_of(member.current.get()));
  if (version == member.kind->version) {
    if (member.found.layout == member.wanted.layout) return judge_size(member);
    return {};  // another program's, or damage: nothing of it can be used
  }
  if (version + 1 == member.kind->version && member.kind->convert) {
    member.conversions.push_back(member.kind->convert);
    member.taken_over = true;
    member.wanted.entries =
        std::max(member.wanted.entries, least_size(member.found, TRY(entries_in_use(member.current.get(), member.found))));
  }
  return {};
}

base::Result<void> Migration::judge_size(Member& member) {
  const uint32_t wanted = member.wanted.entries;
  member.stays = wanted == member.found.entries || !has_size(*member.kind);
  if (!member.stays && wanted < member.found.entries)
    member.stays = wanted < least_size(member.found, TRY(entries_in_use(member.current.get(), member.found)));
  member.taken_over = true;
  return {};
}

bool Migration::changes_maps() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& member) { return !member.stays; });
}

bool Migration::migrates_in_both() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& member) { return !member.stays && member.looks_in_both; });
}

base::Result<void> Migration::run() {
  const bool in_both = migrates_in_both();
  const bool all_taken_over = std::all_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.taken_over || !member.current || member.kind->writer == Writer::kCounters || member.kind->writer == Writer::kSweeper ||
           member.kind->writer == Writer::kSockets;
  });
  TRY(make_maps());
  TRY(copy(Writer::kAgent));
  const LoadedPrograms programs = TRY(load(wanted_.config));
  if (in_both) {
    datapath_config both = wanted_.config;
    for (const auto& member : members_)
      if (!member.stays && member.looks_in_both) both.migrating |= member.kind->migrating;
    TRY(pin_programs(TRY(load(both)), wanted_.generation + kBetween));
    TRY(switch_hooks(wanted_.generation + kBetween));
  }
  TRY(copy(Writer::kPrograms));
  TRY(start_flow_sweeper(programs));
  TRY(pin_maps());
  TRY(pin_programs(programs, wanted_.generation + kNew));
  const std::string directory = bpf_root_ + "/programs/" + wanted_.generation;
  TRY(rename_directory(directory, directory + kOld));  // with other maps, or one that lost a map
  TRY(rename_directory(directory + kNew, directory));
  if (all_taken_over) TRY(switch_hooks(wanted_.generation));
  TRY(copy_what_came_late());
  return collect();
}

base::Result<void> Migration::make_maps() {
  if (!changes_maps()) return {};
  BpfObject object = TRY(open_object(image_));
  btf* types = bpf_object__btf(object.get());
  if (const int error = -btf__load_into_kernel(types)) return base::system_error(error, "types of the maps");
  // The kernel clears their memory, tens of megabytes.
  return base::side_by_side(members_.size(), [&](size_t i) -> base::Result<void> {
    Member& member = members_[i];
    if (member.stays) return {};
    const uint32_t entries = has_size(*member.kind) ? member.wanted.entries : 0;
    member.made = TRY(make_map(declared_map(object.get(), member.kind->name), entries, btf__fd(types)));
    return {};
  });
}

base::Result<void> Migration::copy(Writer writer) {
  for (const auto& member : members_)
    if (member.kind->writer == writer) TRY(copy(member));
  return {};
}

base::Result<void> Migration::copy_what_came_late() {
  for (const auto& member : members_)
    if (member.kind->writer == Writer::kPrograms && !member.looks_in_both) TRY(copy(member));
  return {};
}

base::Result<void> Migration::copy(const Member& member) {
  if (member.stays || !member.taken_over) return {};
  TRY_IN(copy_entries(member.current.get(), member.found, member.made.get(), member.wanted, member.conversions),
         "map " + std::string(member.kind->name));
  return {};
}

base::Result<LoadedPrograms> Migration::load(const datapath_config& config) {
  return LoadedPrograms::load([&]() -> base::Result<BpfObject> {
    BpfObject object = TRY(open_object(image_));
    TRY(configure_object(object.get(), config));
    TRY(choose_maps(object.get(), config));
    if (!(config.flags & DATAPATH_NETKIT))
      bpf_program__set_autoload(bpf_object__find_program_by_name(object.get(), netkit::kProgram), false);
    return object;
  });
}

base::Result<void> Migration::choose_maps(bpf_object* object, const datapath_config& config) {
  for (const auto& member : members_) {
    const std::string name(member.kind->name);
    const int chosen = member.stays ? member.current.get() : member.made.get();
    if (int error = -bpf_map__reuse_fd(declared_map(object, name), chosen)) return base::system_error(error, "map " + name);
    bpf_map* former = declared_map(object, name + kFormer);
    if (!former) continue;
    if (!(config.migrating & member.kind->migrating)) {
      bpf_map__set_autocreate(former, false);  // the verifier takes away what would use it
    } else if (int error = -bpf_map__reuse_fd(former, member.current.get())) {
      return base::system_error(error, "map " + name + kFormer);
    }
  }
  return {};
}

base::Result<void> Migration::pin_programs(const LoadedPrograms& programs, const std::string& directory) {
  TRY(make_pin_directory(bpf_root_, "programs/" + directory));
  return programs.for_each(
      [&](const std::string& name, int fd) { return make_pin(fd, bpf_root_ + "/programs/" + directory + "/" + name); });
}

base::Result<void> Migration::pin_maps() {
  for (const auto& member : members_)
    if (!member.stays) TRY(replace_pin(member.made.get(), bpf_root_ + "/maps/" + pin_of(member.kind->name, member.kind->version)));
  return {};
}

// Hooks without ichor's programs, and those that this generation knows no more, are left to their own rows.
base::Result<void> Migration::switch_hooks(const std::string& generation) {
  auto move = [&](auto&& store) -> base::Result<void> {
    for (auto& row : TRY(store.list())) {
      if (row.generation == generation) continue;
      row.generation = generation;
      auto moved = store.put(row, nullptr);
      if (!moved.ok() && moved.error().code != ENOENT && moved.error().code != ENODEV) return moved;
    }
    return {};
  };
  TRY(move(AttachmentStore(bpf_root_)));
  return move(FilterStore(bpf_root_));
}

base::Result<void> Migration::collect() {
  for (const auto& pin : TRY(pin_names(bpf_root_ + "/maps"))) {
    const bool known = std::any_of(members_.begin(), members_.end(),
                                   [&](const Member& member) { return pin == pin_of(member.kind->name, member.kind->version); });
    if (!known) TRY(remove_pin(bpf_root_ + "/maps/" + pin));
  }
  return remove_remnants(bpf_root_);
}

}  // namespace io::kernel
