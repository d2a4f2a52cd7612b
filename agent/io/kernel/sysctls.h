// Kernel settings below /proc/sys. Those under net are of the calling thread's network namespace.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/store.h"
#include "model/config.h"
#include "model/desired/rows.h"

namespace io::kernel {

// Parts of a path, not one text with dots: a link's name may hold dots. The value comes without its line end. ENOENT: the kernel has
// no such setting, or the link is gone.
base::Result<std::string> read_sysctl(const std::string& root, const std::vector<std::string>& path);
// Writes only what is not so already. Errors name the key and what to do.
base::Result<void> write_sysctl(const std::string& root, const std::vector<std::string>& path, const std::string& value);

// net.ipv4.ip_local_port_range, which holds for IPv6 too.
base::Result<model::PortRange> read_local_ports(const std::string& root = "/proc/sys");

class SysctlStore : public Store<model::desired::Sysctl> {
 public:
  explicit SysctlStore(std::string root = "/proc/sys") : root_(std::move(root)) {}

  // A setting carries no owner's mark, so only what was asked for before is listed, as it is now.
  base::Result<std::vector<model::desired::Sysctl>> list() override;
  bool holds(const model::desired::Sysctl& row) override;
  base::Result<void> put(const model::desired::Sysctl& row, const model::desired::Sysctl* actual) override;
  base::Result<void> remove(const model::desired::Sysctl& actual) override;  // leaves the setting, forgets it

 private:
  std::string root_;
  std::map<std::string, model::desired::Sysctl> watched_;  // by key, as asked for
};

}  // namespace io::kernel
