// What ichor-cni and the agent say to each other over RUN-DIR/agent.sock: one request and one reply per connection, each one
// message of a SOCK_SEQPACKET socket holding a JSON object. ADD carries the pod's network namespace as a descriptor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/cni/protocol.h"
#include "io/cni/result.h"

namespace io::cni {

constexpr size_t kMaxMessage = size_t{64} << 10;  // bytes

struct Request {
  Verb verb = Verb::kStatus;  // never kVersion
  std::string container_id, ifname;
  std::string netns_path;
  std::string pod_namespace, pod_name, pod_uid;
  std::vector<model::HostPort> host_ports{};

  bool operator==(const Request&) const = default;
  std::string key() const { return container_id + "/" + ifname; }
};

struct Reply {
  std::optional<Failure> failure;
  Attachment attachment;  // ADD: whole; CHECK: addresses only

  bool operator==(const Reply&) const = default;
};

std::string encode(const Request& request);
std::string encode(const Reply& reply);
// The request as far as the plugin's own checks would have let it through.
base::Result<Request> parse_request(std::string_view text);
base::Result<Reply> parse_reply(std::string_view text);

}  // namespace io::cni
