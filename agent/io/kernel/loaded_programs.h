// The programs of one object in the kernel. The verifier takes tens of milliseconds for each of the larger ones, so they are loaded as
// several objects side by side, over the same maps.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/kernel/bpf_object.h"

namespace io::kernel {

class LoadedPrograms {
 public:
  // Opened, configured, all its maps given; called once for each group of programs.
  using Prepare = std::function<base::Result<BpfObject>()>;
  static base::Result<LoadedPrograms> load(const Prepare& prepare);

  int fd(const std::string& program) const;  // -1: there is none of that name
  base::Result<void> for_each(const std::function<base::Result<void>(const std::string& name, int fd)>& visit) const;

 private:
  std::vector<BpfObject> objects_;
};

}  // namespace io::kernel
