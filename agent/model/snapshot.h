// Everything known, at one moment: all tables and the indices that planners follow. Copies share rows.
#pragma once

#include <immer/map.hpp>
#include <immer/set.hpp>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "model/cluster/endpoint_slice.h"
#include "model/cluster/node.h"
#include "model/cluster/pod.h"
#include "model/cluster/service.h"
#include "model/config.h"
#include "model/host/allocation.h"
#include "model/host/forward_chain.h"
#include "model/host/link.h"
#include "model/host/sandbox.h"
#include "model/prefix_index.h"
#include "model/problem.h"
#include "model/source_status.h"
#include "model/table.h"

namespace model {

using Tables =
    std::tuple<Table<Service>, Table<EndpointSlice>, Table<Node>, Table<Pod>, Table<Namespace>, Table<Link>, Table<Address>,
               Table<HostRoute>, Table<LostDefaultRoute>, Table<HostNeighbor>, Table<ForwardChain>, Table<Sandbox>, Table<Allocation>,
               Table<Config>, Table<Setting>, Table<SourceStatus>, Table<CanaryResult>, Table<UnreadKind>, Table<Problem>>;

// What an agent is told once, on its command line.
struct Identity {
  std::string node_name;
  std::string bpf_root = "/sys/fs/bpf/ichor";
  std::string state_dir = "/var/lib/ichor";
  std::string run_dir = "/run/ichor";
  std::string cni_conf_dir = "/etc/cni/net.d";
  std::string boot_id;             // the kernel's name for the time since it started
  std::string program_generation;  // digest of the BPF object in this binary
  uint64_t memory_bytes = 0;       // of the node, for map sizes
  std::string netkit_missing;      // why this kernel makes no netkit link; empty: it does, or none was asked for

  bool operator==(const Identity&) const = default;
};

struct Snapshot {
  Tables tables;
  Identity identity;
  base::BootTime now{};
  immer::map<std::string, immer::set<std::string>> slices_of_service;  // Service key -> EndpointSlice keys
  immer::map<base::Ip, std::string> address_owner;                     // allocated address -> Sandbox key
  PrefixIndex foreign_routes;                                          // destination -> HostRoute keys, see plan::is_foreign_route()
  PrefixIndex nodes_of_pod_cidr;                                       // pod CIDR -> Node names

  template <class Row>
  const Table<Row>& table() const {
    return std::get<Table<Row>>(tables);
  }
  template <class Row>
  Table<Row>& table() {
    return std::get<Table<Row>>(tables);
  }
  // The single configuration row; defaults until a source has given one.
  const Config& config() const {
    static const Config kDefaults;
    const Config* config = table<Config>().find("config");
    return config ? *config : kDefaults;
  }
  const Node* own_node() const { return table<Node>().find(identity.node_name); }
};

}  // namespace model
