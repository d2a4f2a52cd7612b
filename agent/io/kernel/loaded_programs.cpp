#include "io/kernel/loaded_programs.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/side_by_side.h"

namespace io::kernel {
namespace {

constexpr size_t kMostGroups = 4;  // no program takes less than a fourth of the whole time

using Groups = std::map<std::string, size_t>;

// The longest first, each to the group that has least to do.
Groups group(bpf_object* object, size_t groups) {
  std::vector<std::pair<size_t, std::string>> programs;
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__autoload(program)) programs.emplace_back(bpf_program__insn_cnt(program), bpf_program__name(program));
  }
  std::sort(programs.rbegin(), programs.rend());
  std::vector<size_t> loads(groups);
  Groups group_of;
  for (const auto& [instructions, name] : programs) {
    const auto least = std::min_element(loads.begin(), loads.end());
    *least += instructions;
    group_of[name] = static_cast<size_t>(least - loads.begin());
  }
  return group_of;
}

base::Result<void> load_group(bpf_object* object, const Groups& group_of, size_t group) {
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    const auto found = group_of.find(bpf_program__name(program));
    bpf_program__set_autoload(program, found != group_of.end() && found->second == group);
  }
  return load_object(object);
}

}  // namespace

base::Result<LoadedPrograms> LoadedPrograms::load(const Prepare& prepare) {
  LoadedPrograms loaded;
  const size_t groups = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kMostGroups);
  for (size_t i = 0; i < groups; ++i) loaded.objects_.push_back(TRY(prepare()));
  const Groups group_of = group(loaded.objects_.front().get(), groups);
  TRY(base::side_by_side(groups, [&](size_t i) { return load_group(loaded.objects_[i].get(), group_of, i); }));
  return loaded;
}

int LoadedPrograms::fd(const std::string& program) const {
  for (const auto& object : objects_)
    if (const bpf_program* found = bpf_object__find_program_by_name(object.get(), program.c_str()); found && bpf_program__fd(found) >= 0)
      return bpf_program__fd(found);
  return -1;
}

base::Result<void> LoadedPrograms::for_each(const std::function<base::Result<void>(const std::string& name, int fd)>& visit) const {
  for (const auto& object : objects_) {
    bpf_program* program;
    bpf_object__for_each_program(program, object.get()) {
      if (bpf_program__fd(program) >= 0) TRY(visit(bpf_program__name(program), bpf_program__fd(program)));
    }
  }
  return {};
}

}  // namespace io::kernel
