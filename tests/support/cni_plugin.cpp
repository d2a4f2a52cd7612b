#include "support/cni_plugin.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace support {

namespace {

struct Pipe {
  base::Fd read, write;
};
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  return {base::Fd(ends[0]), base::Fd(ends[1])};
}

std::vector<std::string> environment_of(const CniCall& call) {
  std::vector<std::string> environment;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) environment.push_back(std::string(name) + "=" + value);
  };
  set("CNI_COMMAND", call.command);
  set("CNI_CONTAINERID", call.container_id);
  set("CNI_NETNS", call.netns);
  set("CNI_IFNAME", call.ifname);
  set("CNI_ARGS", call.args);
  return environment;
}

}  // namespace

CniOutcome run_cni(const std::string& executable, const CniCall& call) {
  Pipe input = make_pipe(), output = make_pipe();
  std::vector<std::string> environment = environment_of(call);
  std::vector<char*> variables;
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  std::string name = executable;
  char* arguments[] = {name.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, executable.c_str(), &actions, nullptr, arguments, variables.data());
  posix_spawn_file_actions_destroy(&actions);
  input.read = base::Fd(), output.write = base::Fd();
  CniOutcome outcome;
  if (failed != 0) return outcome;
  // Far less than a pipe holds.
  if (::write(input.write.get(), call.conf.data(), call.conf.size()) < 0) outcome.output = "(stdin not taken)";
  input.write = base::Fd();
  char part[4096];
  for (ssize_t length; (length = ::read(output.read.get(), part, sizeof part)) > 0;)
    outcome.output.append(part, static_cast<size_t>(length));
  int status = 0;
  if (::waitpid(child, &status, 0) == child && WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

std::string cni_conf(const std::string& directory, const std::string& version, const std::string& extra) {
  return R"({"cniVersion":")" + version + R"(","name":"ichor","type":"ichor-cni","socket":")" + directory + R"(/agent.sock","queue":")" +
         directory + R"(/cni-deletions")" + extra + "}";
}

}  // namespace support
