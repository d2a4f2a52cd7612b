#include "io/kernel/process.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/clock.h"

namespace io::kernel {

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

ProcessUse own_use() {
  ProcessUse use;
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  // proc_pid_stat(5): the name, in brackets, may hold anything; utime, stime, starttime and vsize are fields 14, 15, 22 and 23.
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  if (words.size() < 22) return use;
  auto field = [&](size_t number) { return std::strtoull(words[number - 3].c_str(), nullptr, 10); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  timespec since_boot;
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  use.cpu_seconds = static_cast<double>(field(14) + field(15)) / ticks;
  use.started = base::utc_now_seconds() - (static_cast<double>(since_boot.tv_sec) - static_cast<double>(field(22)) / ticks);
  use.virtual_bytes = field(23);
  use.resident_bytes = resident_bytes();
  std::error_code error;
  for (std::filesystem::directory_iterator file("/proc/self/fd", error), end; !error && file != end; file.increment(error))
    ++use.open_descriptors;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) use.most_descriptors = files.rlim_cur;
  return use;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace io::kernel
