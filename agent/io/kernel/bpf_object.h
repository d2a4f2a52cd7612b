// The embedded BPF object: opening and loading it with libbpf, whose printing is kept for errors. Used by the store of datapath
// objects and by the verb `check`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct bpf_object;

namespace io::kernel {

struct CloseObject {
  void operator()(bpf_object* object) const;
};
using BpfObject = std::unique_ptr<bpf_object, CloseObject>;

// Names the bytes of the embedded object: 16 hexadecimal digits.
const std::string& program_generation();

// Maps and programs as declared; nothing is in the kernel yet.
base::Result<BpfObject> open_object();

// Into the kernel. The error names the program and ends with the verifier's last lines.
base::Result<void> load_object(bpf_object* object);

struct ProgramReport {
  std::string name;
  bool ok = false;
  uint32_t instructions = 0;  // that the verifier went through
  std::chrono::microseconds verifier_time{};
  std::string error;  // empty when ok
};

// Each program once through this kernel's verifier; nothing stays.
std::vector<ProgramReport> try_programs();

}  // namespace io::kernel
