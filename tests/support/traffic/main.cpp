// ichor-traffic: servers and clients for tests that need real packets. Knows nothing of ichor. Line protocol on the TCP port: "ask"
// is answered with who serves and whom it sees, "stream" echoes, "bulk" sends numbered words; UDP: "ask", anything else is echoed.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "support/traffic/commands.h"

namespace traffic {

std::atomic<bool> stopping = false;

namespace {

constexpr const char* kUsage = R"(usage: ichor-traffic serve [--name NAME] [--port N] [--bind ADDRESS]
       ichor-traffic ask [--udp [--unconnected] [--bytes N]] [--mapped] [--timeout MS] [--count N] ADDRESS:PORT
       ichor-traffic flows [--seconds S] [--interval MS] {tcp|udp|udpu|tcpm|udpm}:ADDRESS:PORT...
       ichor-traffic download [--bytes N] [--seconds S] ADDRESS:PORT
exit codes of ask: 0 answered, 2 refused, 3 timeout, 4 reset, 5 unreachable; udpu: UDP without connect; m: v4-mapped
)";

template <class T>
bool read_number(const char* text, T& value) {
  auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  return error == std::errc() && *end == 0;
}

bool read_value(Options& options, const std::string& name, const char* value) {
  if (name == "--name") {
    options.name = value;
  } else if (name == "--bind") {
    options.bind = value;
  } else if (name == "--port") {
    return read_number(value, options.port);
  } else if (name == "--timeout") {
    return read_number(value, options.timeout_ms);
  } else if (name == "--count") {
    return read_number(value, options.count);
  } else if (name == "--seconds") {
    return read_number(value, options.seconds);
  } else if (name == "--bytes") {
    return read_number(value, options.bytes);
  } else if (name == "--interval") {
    return read_number(value, options.interval_ms) && options.interval_ms > 0;
  } else {
    return false;
  }
  return true;
}

std::optional<Options> read_options(int count, char** arguments) {
  Options options;
  for (int i = 2; i < count; ++i) {
    std::string word = arguments[i];
    if (word == "--udp") {
      options.udp = true;
    } else if (word == "--mapped") {
      options.mapped = true;
    } else if (word == "--unconnected") {
      options.unconnected = true;
    } else if (!word.starts_with("--")) {
      options.targets.push_back(word);
    } else if (i + 1 == count || !read_value(options, word, arguments[++i])) {
      return std::nullopt;
    }
  }
  return options;
}

int run(int count, char** arguments) {
  std::string verb = count > 1 ? arguments[1] : "";
  std::optional<Options> options = read_options(count, arguments);
  bool one = options && options->targets.size() == 1;
  if (options && verb == "serve" && options->targets.empty()) return serve(*options);
  if (one && verb == "ask") return ask(*options);
  if (one && verb == "download") return download(*options);
  if (options && verb == "flows" && !options->targets.empty()) return flows(*options);
  std::fputs(kUsage, stderr);
  return 64;
}

}  // namespace
}  // namespace traffic

int main(int count, char** arguments) {
  struct sigaction action{};
  action.sa_handler = [](int) { traffic::stopping = true; };  // without SA_RESTART: what blocks wakes up
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  return traffic::run(count, arguments);
}
