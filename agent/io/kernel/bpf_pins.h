// Pins: the only memory of the datapath. BPF-ROOT/maps/NAME_vVERSION, BPF-ROOT/programs/GENERATION/NAME and BPF-ROOT/links/HOOK@TARGET, all
// in a bpffs. A directory below programs/ with a '-' in its name is under construction or on its way out, and no generation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace io::kernel {

// Makes BPF-ROOT and the directory below it. EOPNOTSUPP: the path is not in a bpffs, and how to mount one.
base::Result<void> make_pin_directory(const std::string& bpf_root, const std::string& name);

// Sorted; empty when there is no such directory.
base::Result<std::vector<std::string>> pin_names(const std::string& directory);

// ENOENT: not pinned.
base::Result<base::Fd> open_pin(const std::string& path);
// What was pinned there before is replaced.
base::Result<void> make_pin(int fd, const std::string& path);
// The same, and at no moment there is no pin: a crash may leave PATH-new behind.
base::Result<void> replace_pin(int fd, const std::string& path);
// Also without such a pin.
base::Result<void> remove_pin(const std::string& path);

// ENOENT, in words, when that generation is not pinned.
base::Result<base::Fd> open_program(const std::string& bpf_root, const std::string& generation, const std::string& name);
// By the map's name in the object: what is pinned with the version of its layout that this executable knows.
base::Result<base::Fd> open_map(const std::string& bpf_root, const std::string& name);
// Counts the calls of replace_pin() in this process: who keeps a map open sees by it when to open it anew.
uint64_t pin_replacements();
base::Result<uint32_t> program_id(int program_fd);

// Unpins the programs of a generation; a crash leaves a directory that counts for nothing.
base::Result<void> remove_generation(const std::string& bpf_root, const std::string& generation);
// Directories below programs/ that count for nothing.
base::Result<void> remove_remnants(const std::string& bpf_root);

// Which generation a program belongs to, by the kernel's program ids; what is not in it was pinned by no generation that is left.
base::Result<std::map<uint32_t, std::string>> generations_by_program(const std::string& bpf_root);

}  // namespace io::kernel
