// The plugin's stdin: whatever a runtime writes there, each verb answers or refuses, in valid JSON.
#include <nlohmann/json.hpp>

#include "io/cni/result.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string version = io::cni::answer_version(text);
  for (const char* command : {"ADD", "DEL", "CHECK", "STATUS", "VERSION"}) {
    const auto parsed = io::cni::parse_invocation({command, "abc", "/run/netns/x", "eth0", "K8S_POD_NAME=web-0"}, text);
    const auto* failure = std::get_if<io::cni::Failure>(&parsed);
    const std::string answer =
        failure ? io::cni::render_failure(version, *failure) : io::cni::render_result(std::get<io::cni::Invocation>(parsed), {});
    if (!nlohmann::json::accept(answer)) __builtin_trap();
  }
  return 0;
}
