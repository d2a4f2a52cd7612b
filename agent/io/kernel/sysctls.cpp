#include "io/kernel/sysctls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "base/fd.h"
#include "base/text.h"

namespace io::kernel {
namespace {

constexpr size_t kLongestValue = 4096;

base::Error explain(int code, const std::string& key, const std::string& action) {
  std::string what = "sysctl " + key + ": " + action;
  if (code == EROFS)
    return base::Error{code, what + ": /proc/sys is mounted read-only; the service spec must set readonlyPaths: [] (or make it writable)"};
  if (code == ENOENT) return base::Error{code, what + ": this kernel has no such setting, or its link is gone"};
  if (code == EACCES || code == EPERM)
    return base::Error{code, what + ": not permitted; the agent needs CAP_NET_ADMIN and a writable /proc/sys"};
  return base::system_error(code, what);
}

bool satisfied(const model::desired::Sysctl& row, const std::string& value) {
  return value == row.value || (!row.only_from.empty() && value != row.only_from);
}

}  // namespace

base::Result<std::string> read_sysctl(const std::string& root, const std::vector<std::string>& path) {
  std::string key = base::join(path, "/");
  base::Fd file(open((root + "/" + key).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return explain(errno, key, "read");
  char value[kLongestValue];
  ssize_t size = read(file.get(), value, sizeof value);
  if (size < 0) return explain(errno, key, "read");
  return std::string(base::trim({value, static_cast<size_t>(size)}));
}

base::Result<void> write_sysctl(const std::string& root, const std::vector<std::string>& path, const std::string& value) {
  auto before = read_sysctl(root, path);
  if (before && *before == value) return {};
  std::string key = base::join(path, "/");
  base::Fd file(open((root + "/" + key).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return explain(errno, key, "set to " + value);
  if (write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) return explain(errno, key, "set to " + value);
  return {};
}

base::Result<model::PortRange> read_local_ports(const std::string& root) {
  const std::string value = TRY(read_sysctl(root, {"net", "ipv4", "ip_local_port_range"}));
  unsigned first = 0, last = 0;
  if (std::sscanf(value.c_str(), "%u %u", &first, &last) != 2 || first == 0 || first > last || last > UINT16_MAX)
    return base::Error{EINVAL, "sysctl net/ipv4/ip_local_port_range: \"" + value + "\" is no range of ports"};
  return model::PortRange{static_cast<uint16_t>(first), static_cast<uint16_t>(last)};
}

base::Result<std::vector<model::desired::Sysctl>> SysctlStore::list() {
  std::vector<model::desired::Sysctl> rows;
  for (const auto& [key, row] : watched_) {
    auto value = read_sysctl(root_, row.path);
    if (!value) continue;  // put again, and put says why it fails
    rows.push_back(row);
    if (!satisfied(row, *value)) rows.back().value = *value;
  }
  return rows;
}

bool SysctlStore::holds(const model::desired::Sysctl& row) {
  auto value = read_sysctl(root_, row.path);
  if (!value || !satisfied(row, *value)) return false;
  watched_[row.key()] = row;
  return true;
}

base::Result<void> SysctlStore::put(const model::desired::Sysctl& row, const model::desired::Sysctl*) {
  if (!satisfied(row, TRY(read_sysctl(root_, row.path)))) TRY(write_sysctl(root_, row.path, row.value));
  watched_[row.key()] = row;
  return {};
}

base::Result<void> SysctlStore::remove(const model::desired::Sysctl& actual) {
  watched_.erase(actual.key());
  return {};
}

}  // namespace io::kernel
