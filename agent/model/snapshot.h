// Everything known, at one moment: all tables and the indices that planners follow. Copies share rows.
#pragma once

#include <immer/map.hpp>
#include <immer/set.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/change.h"
#include "model/prefix_index.h"
#include "model/table.h"

namespace model {

// What an agent is told once, on its command line.
struct Identity {
  std::string node_name;
  std::string bpf_root = "/sys/fs/bpf/ichor";
  std::string state_dir = "/var/lib/ichor";
  std::string run_dir = "/run/ichor";
  std::string cni_conf_dir = "/etc/cni/net.d";
  std::string boot_id;                  // the kernel's name for the time since it started
  std::string program_generation;       // digest of the BPF object in this binary
  uint64_t memory_bytes = 0;            // of the node, for map sizes
  PortRange local_ports{32768, 60999};  // ip_local_port_range: what the node's own sockets are given
  uint64_t host_netns = 0;              // cookie of the agent's network namespace, which is the node's; 0: not known
  std::string netkit_missing;           // why this kernel makes no netkit link; empty: it does, or none was asked for
  bool has_netkit_pods = false;         // when the agent started

  bool operator==(const Identity&) const = default;
};

struct Snapshot {
  Identity identity;
  base::BootTime now{};
  immer::map<std::string, immer::set<std::string>> slices_of_service;  // Service key -> EndpointSlice keys
  immer::map<base::Ip, std::string> address_owner;                     // allocated address -> Sandbox key
  PrefixIndex foreign_routes;                                          // destination -> HostRoute keys, see is_foreign()
  PrefixIndex nodes_of_pod_cidr;                                       // pod CIDR -> Node names
  PrefixIndex nodes_of_address;                                        // each address of status.addresses -> Node names
  PrefixIndex host_addresses;                                          // this node's own -> Address keys
  PrefixIndex default_gateways;                                        // of default routes -> HostRoute keys
  PrefixIndex services_of_cluster_ip;                                  // clusterIP -> Service keys
  PrefixIndex services_of_outside_address;                             // externalIP or the balancer's -> Service keys

  template <KnownRow Row>
  const Table<Row>& table() const {
    return std::get<Table<Row>>(tables_);
  }
  // Lays the change on its table and on the indices made from it; nullopt when the table already says so.
  std::optional<Touched> apply(const Change& change);

  // The single configuration row; defaults until a source has given one.
  const Config& config() const {
    static const Config kDefaults;
    const Config* config = table<Config>().find(Config::key());
    return config ? *config : kDefaults;
  }
  const Node* own_node() const { return table<Node>().find(identity.node_name); }
  const SourceStatus* source(SourceId id) const { return table<SourceStatus>().find(source_name(id)); }

 private:
  template <KnownRow Row>
  std::optional<Touched> apply_row(const RowChange<Row>& change);

  KnownKinds::Tuple<Table> tables_;
};

}  // namespace model
