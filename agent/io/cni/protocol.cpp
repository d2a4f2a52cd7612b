#include "io/cni/protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "io/cni/port_mappings.h"

namespace io::cni {

namespace {

using nlohmann::json;

constexpr std::pair<Verb, const char*> kVerbs[] = {
    {Verb::kAdd, "ADD"}, {Verb::kDel, "DEL"}, {Verb::kCheck, "CHECK"}, {Verb::kStatus, "STATUS"}, {Verb::kVersion, "VERSION"},
};
constexpr size_t kMaxContainerId = 128;
constexpr size_t kMaxIfname = 15;  // IFNAMSIZ - 1
constexpr size_t kMaxPlainText = 253;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_printable(char c) { return c > ' ' && c <= '~'; }

// False when there is a value that is not a string.
bool read_text(const json& object, const char* key, std::string& into) {
  const auto found = object.find(key);
  if (found == object.end()) return true;
  if (!found->is_string()) return false;
  into = found->get_ref<const std::string&>();
  return true;
}

std::optional<Failure> read_previous_result(const json& previous, Conf& conf) {
  conf.has_previous_result = true;
  const auto wrong = [](const std::string& what) { return Failure{Code::kInvalidConf, "prevResult: " + what, ""}; };
  if (!previous.is_object()) return wrong("not an object");
  const auto ips = previous.find("ips");
  if (ips == previous.end()) return std::nullopt;
  if (!ips->is_array()) return wrong("ips: not a list");
  for (const json& ip : *ips) {
    std::string address;
    if (!ip.is_object() || !read_text(ip, "address", address)) return wrong("ips: an entry without an address");
    const auto cidr = base::parse_cidr(address);
    if (!cidr) return wrong("ips: not an address with a prefix length: " + address);
    conf.previous_addresses.push_back(cidr->address);
  }
  return std::nullopt;
}

std::optional<Failure> read_runtime_config(const json& document, Conf& conf) {
  const auto config = document.find("runtimeConfig");
  if (config == document.end() || config->is_null()) return std::nullopt;
  if (!config->is_object()) return Failure{Code::kInvalidConf, "runtimeConfig: not an object", ""};
  auto ports = parse_port_mappings(config->value("portMappings", json()));
  if (!ports) return Failure{Code::kInvalidConf, "runtimeConfig: " + ports.error().text, ""};
  conf.host_ports = std::move(*ports);
  return std::nullopt;
}

std::variant<Conf, Failure> parse_conf(Verb verb, std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return Failure{Code::kDecode, "stdin: not a JSON object", ""};
  Conf conf;
  if (!read_text(document, "cniVersion", conf.version) || !is_supported_version(conf.version))
    return Failure{Code::kIncompatibleVersion, "cniVersion: not one that ichor-cni speaks: " + conf.version,
                   "supported: 0.3.1, 0.4.0, 1.0.0, 1.1.0"};
  for (const auto& [key, into] : {std::pair{"socket", &conf.socket}, std::pair{"queue", &conf.queue}}) {
    if (!read_text(document, key, *into) || into->empty() || into->front() != '/')
      return Failure{Code::kInvalidConf, std::string("conf: ") + key + ": must be an absolute path", ""};
  }
  // DEL has to work whatever an earlier result looks like.
  const auto previous = document.find("prevResult");
  if (verb != Verb::kDel && previous != document.end() && !previous->is_null()) {
    if (auto failure = read_previous_result(*previous, conf)) return *failure;
  }
  if (verb == Verb::kAdd)
    if (auto failure = read_runtime_config(document, conf)) return *failure;
  return conf;
}

// CNI_ARGS is K=V;K=V. Keys that say nothing to ichor are the runtime's own business.
std::optional<Failure> read_arguments(std::string_view args, Invocation& invocation) {
  if (args.empty()) return std::nullopt;
  for (const std::string_view pair : base::split(args, ';')) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return Failure{Code::kBadVariables, "CNI_ARGS: not K=V;K=V", std::string(pair)};
    const std::string_view key = pair.substr(0, equals);
    std::string* into = key == "K8S_POD_NAMESPACE" ? &invocation.pod_namespace
                        : key == "K8S_POD_NAME"    ? &invocation.pod_name
                        : key == "K8S_POD_UID"     ? &invocation.pod_uid
                                                   : nullptr;
    if (!into) continue;
    *into = pair.substr(equals + 1);
    if (const auto checked = check_plain_text(key, *into); !checked)
      return Failure{Code::kBadVariables, "CNI_ARGS: " + checked.error().text, ""};
  }
  return std::nullopt;
}

// Which variables a verb needs: CNI spec 1.1.0, section 2.
std::optional<Failure> read_variables(const Variables& variables, Invocation& invocation) {
  if (invocation.verb == Verb::kStatus || invocation.verb == Verb::kVersion) return std::nullopt;
  if (const auto checked = check_container_id(variables.container_id); !checked)
    return Failure{Code::kBadVariables, "CNI_CONTAINERID: " + checked.error().text, ""};
  if (const auto checked = check_ifname(variables.ifname); !checked)
    return Failure{Code::kBadVariables, "CNI_IFNAME: " + checked.error().text, ""};
  invocation.container_id = variables.container_id;
  invocation.ifname = variables.ifname;
  if (invocation.verb == Verb::kDel) return std::nullopt;
  if (variables.netns.empty()) return Failure{Code::kBadVariables, "CNI_NETNS: not set", ""};
  if (const auto checked = check_plain_text("CNI_NETNS", variables.netns); !checked)
    return Failure{Code::kBadVariables, checked.error().text, ""};
  invocation.netns = variables.netns;
  return read_arguments(variables.args, invocation);
}

}  // namespace

bool is_supported_version(std::string_view version) {
  return std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions);
}

const char* to_string(Verb verb) {
  for (const auto& [known, text] : kVerbs) {
    if (known == verb) return text;
  }
  return "";
}

std::optional<Verb> parse_verb(std::string_view text) {
  for (const auto& [verb, known] : kVerbs) {
    if (text == known) return verb;
  }
  return std::nullopt;
}

std::variant<Invocation, Failure> parse_invocation(const Variables& variables, std::string_view stdin_text) {
  Invocation invocation;
  if (variables.command == "GC")
    return Failure{Code::kBadVariables, "CNI_COMMAND: GC is not supported", "the conf says \"disableGC\": true; DEL releases everything"};
  const auto verb = parse_verb(variables.command);
  if (!verb) return Failure{Code::kBadVariables, "CNI_COMMAND: must be ADD, DEL, CHECK, STATUS or VERSION", variables.command};
  invocation.verb = *verb;
  if (*verb == Verb::kVersion) return invocation;
  if (auto failure = read_variables(variables, invocation)) return *failure;
  auto conf = parse_conf(*verb, stdin_text);
  if (auto* failure = std::get_if<Failure>(&conf)) return *failure;
  invocation.conf = std::get<Conf>(std::move(conf));
  if (*verb == Verb::kAdd && invocation.conf.has_previous_result)
    return Failure{Code::kInvalidConf, "prevResult: ichor-cni must be the first plugin of its list", ""};
  if (*verb == Verb::kCheck && !invocation.conf.has_previous_result)
    return Failure{Code::kInvalidConf, "prevResult: CHECK needs the result of ADD", ""};
  return invocation;
}

std::string answer_version(std::string_view stdin_text) {
  const json document = json::parse(stdin_text, nullptr, false);
  std::string version;
  if (document.is_object() && read_text(document, "cniVersion", version) && is_supported_version(version)) return version;
  return std::string(kNewestVersion);
}

base::Result<void> check_container_id(std::string_view container_id) {
  if (container_id.empty()) return base::Error{EINVAL, "not set"};
  if (container_id.size() > kMaxContainerId) return base::Error{EINVAL, "longer than 128 characters"};
  const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
  if (!is_alphanumeric(container_id.front()) || !std::all_of(container_id.begin(), container_id.end(), allowed))
    return base::Error{EINVAL, "must be alphanumerics, '_', '.' and '-', an alphanumeric first"};
  return {};
}

base::Result<void> check_ifname(std::string_view ifname) {
  if (ifname.empty()) return base::Error{EINVAL, "not set"};
  if (ifname.size() > kMaxIfname) return base::Error{EINVAL, "longer than 15 characters"};
  const auto allowed = [](char c) { return is_printable(c) && c != '/' && c != ':'; };
  if (ifname == "." || ifname == ".." || !std::all_of(ifname.begin(), ifname.end(), allowed))
    return base::Error{EINVAL, "not a name for a link"};
  return {};
}

base::Result<void> check_plain_text(std::string_view name, std::string_view text) {
  if (text.size() > kMaxPlainText) return base::Error{EINVAL, std::string(name) + ": longer than 253 characters"};
  if (!std::all_of(text.begin(), text.end(), is_printable)) return base::Error{EINVAL, std::string(name) + ": not printable ASCII"};
  return {};
}

}  // namespace io::cni
