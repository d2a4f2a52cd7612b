// The embedded BPF objects: opening and loading it with libbpf, whose printing is kept for errors. Used by the store of datapath
// objects and by the verb `check`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/config.h"
#include "base/result.h"
#include "io/kernel/map_kinds.h"

struct bpf_object;

namespace io::kernel {

struct CloseObject {
  void operator()(bpf_object* object) const;
};
using BpfObject = std::unique_ptr<bpf_object, CloseObject>;

// An object and what is known of its maps: the embedded one, or a test's.
struct ObjectImage {
  std::string_view bytes;  // ELF
  std::span<const MapKind> kinds;
};
const ObjectImage& embedded_image();
// Programs that only work on the maps of the embedded one, and are loaded when they are needed first.
const ObjectImage& on_demand_image();

// Names the bytes of an object: 16 hexadecimal digits.
std::string digest_of(const ObjectImage& image);
// That of the embedded object, which is also its generation without configuration.
const std::string& program_generation();

// Maps and programs as declared; nothing is in the kernel yet.
base::Result<BpfObject> open_object(const ObjectImage& image = embedded_image());

// Before the object is loaded. EINVAL: it has no such constants.
base::Result<void> configure_object(bpf_object* object, const datapath_config& config);

// Into the kernel. The error names the program and ends with the verifier's last lines.
base::Result<void> load_object(bpf_object* object);

struct ProgramReport {
  std::string name;
  bool ok = false;
  bool on_demand = false;     // a node runs without it
  uint32_t instructions = 0;  // that the verifier went through
  std::chrono::microseconds verifier_time{};
  std::string error;  // empty when ok
};

// Each program once through this kernel's verifier; nothing stays.
std::vector<ProgramReport> try_programs();

}  // namespace io::kernel
