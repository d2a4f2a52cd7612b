#include "io/cni/plugin.h"

#include <fcntl.h>

#include <algorithm>

#include "base/fd.h"
#include "io/cni/client.h"
#include "io/cni/deletion_queue.h"
#include "io/cni/pod_view.h"
#include "io/cni/result.h"
#include "io/cni/served.h"

namespace io::cni {

namespace {

using namespace std::chrono_literals;
constexpr base::Millis kAddTimeout = 30s;
constexpr base::Millis kDelTimeout = 10s;
constexpr base::Millis kCheckTimeout = 10s;
constexpr base::Millis kStatusTimeout = 2s;

Request request_of(const Invocation& invocation) {
  return {invocation.verb,          invocation.container_id, invocation.ifname,  invocation.netns,
          invocation.pod_namespace, invocation.pod_name,     invocation.pod_uid, invocation.conf.host_ports};
}

Failure failure_of(const base::Error& error, Code when_away) {
  return {is_agent_away(error) ? when_away : Code::kIo, error.text, is_agent_away(error) ? "is ichor-agent running?" : ""};
}

std::variant<std::string, Failure> add(const Invocation& invocation) {
  const base::Fd netns(::open(invocation.netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns) return Failure{Code::kBadVariables, base::errno_error("CNI_NETNS: " + invocation.netns).text, ""};
  const auto reply = ask_agent(invocation.conf.socket, request_of(invocation), netns.get(), kAddTimeout);
  if (!reply) return failure_of(reply.error(), Code::kTryLater);
  if (reply->failure) return *reply->failure;
  return render_result(invocation, reply->attachment);
}

// A runtime repeats a failed DEL for ever and keeps the pod until it succeeds: what the agent has not done now, it does from the queue.
std::variant<std::string, Failure> del(const Invocation& invocation) {
  const auto reply = ask_agent(invocation.conf.socket, request_of(invocation), -1, kDelTimeout);
  if (reply && !reply->failure) return "";
  const auto queued = queue_deletion(invocation.conf.queue, {invocation.container_id, invocation.ifname});
  if (queued) return "";
  return Failure{Code::kTryLater, queued.error().text, reply ? reply->failure->msg : reply.error().text};
}

std::variant<std::string, Failure> check(const Invocation& invocation) {
  const base::Fd netns(::open(invocation.netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns) return Failure{Code::kBadVariables, base::errno_error("CNI_NETNS: " + invocation.netns).text, ""};
  const auto reply = ask_agent(invocation.conf.socket, request_of(invocation), -1, kCheckTimeout);
  if (!reply) return failure_of(reply.error(), Code::kTryLater);
  if (reply->failure) return *reply->failure;
  const std::vector<base::Ip>& addresses = reply->attachment.addresses;
  // Later plugins may have added addresses of theirs.
  const std::vector<base::Ip>& before = invocation.conf.previous_addresses;
  for (const base::Ip& address : addresses) {
    if (std::find(before.begin(), before.end(), address) == before.end())
      return Failure{Code::kCheckFailed, "prevResult: ips: without the pod's address " + base::to_string(address), ""};
  }
  const auto seen = check_from_inside(netns.get(), invocation.ifname, addresses);
  if (!seen) return Failure{Code::kCheckFailed, invocation.netns + ": " + seen.error().text, ""};
  return "";
}

std::variant<std::string, Failure> status(const Invocation& invocation) {
  const auto reply = ask_agent(invocation.conf.socket, request_of(invocation), -1, kStatusTimeout);
  if (reply && !reply->failure) return "";
  Failure failure = reply ? *reply->failure : failure_of(reply.error(), Code::kNotAvailable);
  if (failure.code == Code::kNotAvailable && served_lately(served_path(invocation.conf.socket), base::boot_now())) return "";
  return failure;
}

std::variant<std::string, Failure> run(const Invocation& invocation, const std::string& version) {
  switch (invocation.verb) {
    case Verb::kAdd:
      return add(invocation);
    case Verb::kDel:
      return del(invocation);
    case Verb::kCheck:
      return check(invocation);
    case Verb::kStatus:
      return status(invocation);
    case Verb::kVersion:
      break;
  }
  return render_versions(version);
}

}  // namespace

Answer run_plugin(const Variables& variables, std::string_view stdin_text) {
  const std::string version = answer_version(stdin_text);
  const auto invocation = parse_invocation(variables, stdin_text);
  if (const auto* failure = std::get_if<Failure>(&invocation)) return {render_failure(version, *failure), 1};
  const auto outcome = run(std::get<Invocation>(invocation), version);
  if (const auto* failure = std::get_if<Failure>(&outcome)) return {render_failure(version, *failure), 1};
  return {std::get<std::string>(outcome), 0};
}

}  // namespace io::cni
