// Brings a generation of the object into the kernel beside the one that runs, and its maps to the sizes and layouts that it wants, under
// traffic. Steps, of which each leaves what io/kernel/map_kinds.h promises:
//
//   1. New maps are made, unpinned; what the agent alone writes is copied into them, through conversions where the layout is another.
//   2. Programs of a step between are loaded, which look into the former and the new map of kPrograms and write to both (NAME_former in
//      the object, its bit in datapath_config), and are put on every hook that runs ichor's programs.
//   3. What is only in the former maps is copied. Each new map is pinned in the former one's place.
//   4. The programs that know only the new maps are pinned and put on every hook; former maps and programs are collected.
//
// Killed before 3 is through, the next run begins anew from what is pinned; after it, it goes on with 4. Where the object has no
// NAME_former of the pinned map's layout, 2 is left out and entries are copied before and after 4. Where the entries of an agent's map
// cannot be taken over, the hooks are left to their own rows, so that what runs serves on until the stores have filled the new map.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "io/kernel/loaded_programs.h"
#include "io/kernel/map_shape.h"
#include "model/desired/rows.h"

namespace io::kernel {

class Migration {
 public:
  Migration(std::string bpf_root, const ObjectImage& image, model::desired::DatapathObject wanted)
      : bpf_root_(std::move(bpf_root)), image_(image), wanted_(std::move(wanted)) {}

  // What there is, and what must change. Nothing is written.
  base::Result<void> look();
  // Some map is missing or differs from what is wanted and can be changed.
  bool changes_maps() const;
  base::Result<void> run();
  // Unpins what belongs to no version and no generation: what a run that was killed left behind.
  base::Result<void> collect();

 private:
  struct Member {
    const MapKind* kind = nullptr;
    MapShape wanted;
    base::Fd current;  // pinned, whatever its version; none: not there
    MapShape found;    // of current
    std::vector<Convert> conversions;
    bool taken_over = false;     // current's entries come along
    bool looks_in_both = false;  // the object has its former map
    bool stays = false;          // current is good
    base::Fd made;               // takes current's place
  };

  base::Result<void> look_at(Member& member, const std::vector<std::string>& pins);
  base::Result<void> judge_size(Member& member);
  bool migrates_in_both() const;
  base::Result<void> make_maps();
  base::Result<void> copy(Writer writer);
  base::Result<void> copy_what_came_late();  // while hooks were switched, to maps that only one side looked into
  base::Result<void> copy(const Member& member);
  base::Result<LoadedPrograms> load(const datapath_config& config);
  base::Result<void> choose_maps(bpf_object* object, const datapath_config& config);
  base::Result<void> pin_programs(const LoadedPrograms& programs, const std::string& directory);
  base::Result<void> pin_maps();
  base::Result<void> switch_hooks(const std::string& generation);

  std::string bpf_root_;
  const ObjectImage& image_;
  model::desired::DatapathObject wanted_;
  std::vector<Member> members_;
};

// A map of that kind may become so small: what is in it fits, and one that forgets has room to spare.
uint32_t least_size(const MapShape& shape, uint32_t in_use);

}  // namespace io::kernel
