// Calls a CNI plugin once for each of COUNT pods, as a runtime does, and prints the milliseconds from fork to exit as a JSON array.
// The network namespaces /run/netns/PREFIX-1 … are there already. Any call that fails ends the run with the plugin's words.
// usage: bench_cni_calls ADD|DEL PLUGIN CONF-FILE PREFIX COUNT
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Call {
  std::string verb, plugin, conf_file, pod;
};

std::vector<std::string> variables_of(const Call& call) {
  return {"CNI_COMMAND=" + call.verb,
          "CNI_CONTAINERID=sandbox-" + call.pod,
          "CNI_NETNS=/run/netns/" + call.pod,
          "CNI_IFNAME=eth0",
          "CNI_PATH=/usr/lib/cni",
          "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + call.pod,
          std::string("PATH=") + getenv("PATH")};
}

// Milliseconds, or less than zero when the plugin failed. Its output lies in `output`.
double run(const Call& call, const std::string& output) {
  std::vector<std::string> variables = variables_of(call);
  std::vector<char*> environment;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string program = call.plugin;
  char* command[] = {program.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, call.conf_file.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

  auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  int status = 0;
  bool spawned = posix_spawn(&child, call.plugin.c_str(), &actions, nullptr, command, environment.data()) == 0;
  if (spawned) waitpid(child, &status, 0);
  double milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  posix_spawn_file_actions_destroy(&actions);
  return spawned && status == 0 ? milliseconds : -1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) return 64;
  std::string output = "/run/bench-cni-output";
  std::string text = "[";
  for (int i = 1; i <= std::atoi(arguments[5]); ++i) {
    Call call{arguments[1], arguments[2], arguments[3], arguments[4] + std::string("-") + std::to_string(i)};
    double milliseconds = run(call, output);
    if (milliseconds < 0) {
      std::fprintf(stderr, "%s of %s failed, see %s\n", call.verb.c_str(), call.pod.c_str(), output.c_str());
      return 1;
    }
    char number[32];
    std::snprintf(number, sizeof number, "%s%.3f", i == 1 ? "" : ",", milliseconds);
    text += number;
  }
  std::printf("%s]\n", text.c_str());
  return 0;
}
