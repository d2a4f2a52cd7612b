// ichor-cni, the CNI plugin: a container runtime runs it once per verb. See io/cni/plugin.h.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "io/cni/plugin.h"

namespace {

constexpr size_t kMaxStdin = size_t{1} << 20;  // bytes; a conf has hundreds, a prevResult some thousands

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string read_stdin() {
  std::string text;
  char part[16384];
  while (text.size() <= kMaxStdin) {
    const ssize_t length = ::read(STDIN_FILENO, part, sizeof part);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    text.append(part, static_cast<size_t>(length));
  }
  return text.size() > kMaxStdin ? std::string() : text;
}

bool write_stdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t length = ::write(STDOUT_FILENO, text.data(), text.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return false;
    text.remove_prefix(static_cast<size_t>(length));
  }
  return true;
}

}  // namespace

int main() {
  ::umask(022);  // container runtimes have none, and the queue of deletions would be everybody's to write
  const io::cni::Variables variables{variable("CNI_COMMAND"), variable("CNI_CONTAINERID"), variable("CNI_NETNS"), variable("CNI_IFNAME"),
                                     variable("CNI_ARGS")};
  const io::cni::Answer answer = io::cni::run_plugin(variables, read_stdin());
  return write_stdout(answer.text) ? answer.exit_code : 1;
}
