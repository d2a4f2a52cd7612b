#include "io/cni/served.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "base/fd.h"

namespace io::cni {

std::string served_path(const std::string& socket) { return socket.substr(0, socket.rfind('/')) + "/agent.served"; }

// In place and of one length: it happens every second, and a reader must find a whole number.
base::Result<void> note_served(const std::string& path, base::BootTime now) {
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file || ::dprintf(file.get(), "%020lld\n", static_cast<long long>(now.count())) < 0) return base::errno_error(path);
  return {};
}

bool served_lately(const std::string& path, base::BootTime now) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[24];
  const ssize_t size = file ? ::read(file.get(), text, sizeof text) : -1;
  int64_t milliseconds = 0;
  if (size <= 0 || std::from_chars(text, text + size, milliseconds).ec != std::errc{}) return false;
  const base::Millis age = now - base::BootTime(milliseconds);
  return age >= base::Millis(0) && age <= kServedLately;
}

}  // namespace io::cni
