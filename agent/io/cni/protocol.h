// The Container Network Interface as a plugin sees it (CNI spec 0.3.1 to 1.1.0): what a runtime asks by variables and stdin, and the
// errors it understands. Read by plugin.cpp and by the agent's end of the control socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "model/host/host_port.h"

namespace io::cni {

// Oldest first; the last one answers who names none.
constexpr std::string_view kVersions[] = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"};
constexpr std::string_view kNewestVersion = kVersions[3];
bool is_supported_version(std::string_view version);

enum class Code : uint32_t {
  kIncompatibleVersion = 1,
  kUnknownContainer = 3,
  kBadVariables = 4,
  kIo = 5,
  kDecode = 6,
  kInvalidConf = 7,
  kTryLater = 11,
  kNotAvailable = 50,  // STATUS: ADD cannot be served
  kAlreadyAttached = 100,
  kAttachFailed = 101,
  kCheckFailed = 102,
};

struct Failure {
  Code code = Code::kIo;
  std::string msg;
  std::string details;

  bool operator==(const Failure&) const = default;
};

enum class Verb : uint8_t { kAdd, kDel, kCheck, kStatus, kVersion };
const char* to_string(Verb verb);
std::optional<Verb> parse_verb(std::string_view text);

// The CNI variables as found in the environment; "" where unset.
struct Variables {
  std::string command, container_id, netns, ifname, args;
};

// What the runtime hands over on stdin.
struct Conf {
  std::string version;
  std::string socket;  // absolute
  std::string queue;   // absolute
  bool has_previous_result = false;
  std::vector<base::Ip> previous_addresses;  // prevResult's ips
  std::vector<model::HostPort> host_ports;   // runtimeConfig.portMappings, of ADD
};

struct Invocation {
  Verb verb = Verb::kVersion;
  std::string container_id, netns, ifname;
  std::string pod_namespace, pod_name, pod_uid;  // "" outside Kubernetes
  Conf conf;
};

// Failures name the variable or the conf's key.
std::variant<Invocation, Failure> parse_invocation(const Variables& variables, std::string_view stdin_text);

// The version to answer in: the conf's if ichor speaks it, else the newest. Never fails.
std::string answer_version(std::string_view stdin_text);

// CNI spec: an alphanumeric, then alphanumerics, '_', '.', '-'; at most 128 characters, so that a file can carry the name.
base::Result<void> check_container_id(std::string_view container_id);
// What the kernel takes as a link's name, less what is not printable ASCII.
base::Result<void> check_ifname(std::string_view ifname);
// Printable ASCII, at most 253 characters: pod names and paths as they are kept and shown.
base::Result<void> check_plain_text(std::string_view name, std::string_view text);

}  // namespace io::cni
