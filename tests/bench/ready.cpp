// Starts an agent and tells how many milliseconds pass until /readyz says 200. The agent goes on; its output goes to a log.
// usage: bench_ready LOG AGENT ARGUMENT...
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>

#include "base/fd.h"

namespace {

constexpr int kPort = 9879;
constexpr auto kPatience = std::chrono::seconds(30);

bool is_ready() {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  constexpr std::string_view kRequest = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return false;
  char answer[64];
  ssize_t size = recv(fd.get(), answer, sizeof answer, 0);
  return size > 12 && std::string_view(answer, size).substr(9, 3) == "200";
}

[[noreturn]] void become_agent(const char* log, char** command) {
  setsid();
  int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execv(command[0], command);
  _exit(127);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 64;
  auto start = std::chrono::steady_clock::now();
  pid_t agent = fork();
  if (agent == 0) become_agent(arguments[1], arguments + 2);
  while (!is_ready()) {
    if (waitpid(agent, nullptr, WNOHANG) == agent || std::chrono::steady_clock::now() - start > kPatience) {
      std::fprintf(stderr, "%s did not get ready, see %s\n", arguments[2], arguments[1]);
      return 1;
    }
    // Never longer than a hundredth of what has passed: asking costs the agent time.
    std::this_thread::sleep_for(
        std::max<std::chrono::steady_clock::duration>(std::chrono::milliseconds(1), (std::chrono::steady_clock::now() - start) / 100));
  }
  std::printf("%.1f\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  return 0;
}
