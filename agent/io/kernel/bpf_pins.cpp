#include "io/kernel/bpf_pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>

#include "io/kernel/map_kinds.h"

namespace io::kernel {
namespace {

std::atomic<uint64_t> replacements{0};

}  // namespace

base::Result<void> make_pin_directory(const std::string& bpf_root, const std::string& name) {
  std::string existing = bpf_root;
  struct statfs file_system;
  while (statfs(existing.c_str(), &file_system) != 0) {
    if (errno != ENOENT || existing.find('/') == std::string::npos) return base::errno_error("BPF root " + bpf_root);
    existing = std::filesystem::path(existing).parent_path();
  }
  if (static_cast<uint64_t>(file_system.f_type) != BPF_FS_MAGIC)
    return base::Error{EOPNOTSUPP, "BPF root " + bpf_root + ": " + existing + " is not in a bpffs; mount -t bpf bpf DIRECTORY makes one"};
  std::error_code error;
  std::filesystem::create_directories(bpf_root + "/" + name, error);
  if (error) return base::system_error(error.value(), "directory " + bpf_root + "/" + name);
  return {};
}

base::Result<std::vector<std::string>> pin_names(const std::string& directory) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(directory.c_str()), closedir);
  if (!open) {
    if (errno == ENOENT) return names;
    return base::errno_error("directory " + directory);
  }
  while (const dirent* entry = readdir(open.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<base::Fd> open_pin(const std::string& path) {
  int fd = bpf_obj_get(path.c_str());
  if (fd < 0) return base::errno_error("pin " + path);
  return base::Fd(fd);
}

base::Result<void> make_pin(int fd, const std::string& path) {
  TRY(remove_pin(path));
  if (bpf_obj_pin(fd, path.c_str()) != 0) return base::errno_error("pin " + path);
  return {};
}

base::Result<void> replace_pin(int fd, const std::string& path) {
  const std::string beside = path + "-new";
  TRY(make_pin(fd, beside));
  if (rename(beside.c_str(), path.c_str()) != 0) return base::errno_error("pin " + path);
  ++replacements;
  return {};
}

uint64_t pin_replacements() { return replacements; }

base::Result<void> remove_pin(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return base::errno_error("unpin " + path);
  return {};
}

base::Result<base::Fd> open_program(const std::string& bpf_root, const std::string& generation, const std::string& name) {
  return TRY_IN(open_pin(bpf_root + "/programs/" + generation + "/" + name), "program " + name + " of generation " + generation);
}

base::Result<base::Fd> open_map(const std::string& bpf_root, const std::string& name) {
  const MapKind* kind = find_kind(map_kinds(), name);
  return TRY_IN(open_pin(bpf_root + "/maps/" + (kind ? pin_of(name, kind->version) : name)), "map " + name);
}

base::Result<uint32_t> program_id(int program_fd) {
  bpf_prog_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_prog_get_info_by_fd(program_fd, &facts, &size) != 0) return base::errno_error("program's id");
  return facts.id;
}

base::Result<void> remove_generation(const std::string& bpf_root, const std::string& generation) {
  const std::string directory = bpf_root + "/programs/" + generation;
  if (rename(directory.c_str(), (directory + "-old").c_str()) != 0 && errno != ENOENT) return base::errno_error("rename " + directory);
  return remove_remnants(bpf_root);
}

base::Result<void> remove_remnants(const std::string& bpf_root) {
  for (const auto& generation : TRY(pin_names(bpf_root + "/programs"))) {
    if (generation.find('-') == generation.npos) continue;
    const std::string directory = bpf_root + "/programs/" + generation;
    for (const auto& name : TRY(pin_names(directory))) TRY(remove_pin(directory + "/" + name));
    if (rmdir(directory.c_str()) != 0 && errno != ENOENT) return base::errno_error("directory " + directory);
  }
  return {};
}

base::Result<std::map<uint32_t, std::string>> generations_by_program(const std::string& bpf_root) {
  std::map<uint32_t, std::string> generations;
  const std::string programs = bpf_root + "/programs";
  for (const auto& generation : TRY(pin_names(programs))) {
    if (generation.find('-') != std::string::npos) continue;
    for (const auto& name : TRY(pin_names(programs + "/" + generation))) {
      base::Fd program = TRY(open_program(bpf_root, generation, name));
      generations[TRY(program_id(program.get()))] = generation;
    }
  }
  return generations;
}

}  // namespace io::kernel
