// A pod's attachment as the CNI runtime asked for it. Keyed by "CONTAINERID/IFNAME". The row lives from ADD to DEL; its addresses
// are chosen by plan/ipam and, with the row, kept in STATE-DIR/sandboxes until DEL, so that no restart can hand one out twice. One whose
// namespace has died ends without a DEL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/mac.h"
#include "model/host/host_port.h"
#include "model/host/link_kind.h"
#include "model/table_facts.h"

namespace model {

// Which attachment of which pod: what its row and its record on disk both say.
struct SandboxIdentity {
  std::string container_id;
  std::string ifname;  // inside the pod
  std::string pod_namespace;
  std::string pod_name;
  std::string pod_uid;
  std::string netns_path;    // as the runtime named it; informative
  uint32_t incarnation = 0;  // random per ADD: tells two attachments of one key apart
  std::vector<HostPort> host_ports{};

  bool operator==(const SandboxIdentity&) const = default;
  std::string key() const { return container_id + "/" + ifname; }
  std::string pod() const { return pod_namespace + "/" + pod_name; }
};

// What stands in for the record of a pod that runs without one: what the kernel shows of it, and perhaps a file that cannot be read.
struct Recovered {
  std::string reason;            // why there is no record, for people
  bool has_record_file = false;  // which stays as it is until DEL
  std::string link;              // on the node, as found; "": none
  base::Mac host_mac;            // of that link

  bool operator==(const Recovered&) const = default;
};

struct Sandbox {
  static constexpr TableFacts kTable{"sandboxes", "sandbox", "Pods that the container runtime attached to this node's network."};
  SandboxIdentity identity;
  bool complete = false;               // the ADD has been answered
  bool transient = false;              // the agent's own (canary): never recorded, gone with the process
  std::shared_ptr<base::Fd> netns;     // only from ADD until its reply
  std::vector<base::Ip> addresses;     // as kept on disk: set once, never changed
  std::optional<LinkKind> link_kind;   // as kept on disk; nullopt: made by this agent, so of the kind that it makes
  std::optional<Recovered> recovered;  // nullopt: it has its record. An empty identity.ifname: nothing says whose the link is

  bool operator==(const Sandbox&) const = default;
  std::string key() const { return identity.key(); }
};

}  // namespace model
