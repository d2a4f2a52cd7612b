// The configuration in force, as plan and engine use it. sources/settings makes it from values files; each field names its key
// in Cilium's Helm values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "model/host/link_kind.h"
#include "model/table_facts.h"

namespace model {

// Host order, both included.
struct PortRange {
  uint16_t first = 0, last = 0;
  bool contains(uint16_t port) const { return first <= port && port <= last; }
  bool operator==(const PortRange&) const = default;
};

// Where a server listens; an unspecified address: at all of the node's.
struct ListenAddress {
  base::Ip address = {};
  uint16_t port = 0;  // host order
  bool operator==(const ListenAddress&) const = default;
};

// As written in a list of prefixes.
struct PrefixList {
  std::vector<base::Cidr> prefixes;     // canonical
  std::vector<std::string> unreadable;  // what is no prefix, for a problem each
  bool operator==(const PrefixList&) const = default;
};

// ipMasqAgent: destinations to which pods keep their own addresses.
struct IpMasqAgent {
  bool enabled = false;
  bool configured = false;              // some key of ipMasqAgent.config is given; else the usual destinations hold
  PrefixList destinations;              // nonMasqueradeCIDRs
  bool masquerades_ipv4_local = false;  // masqLinkLocal: link-local ones are none of them
  bool masquerades_ipv6_local = false;  // masqLinkLocalIPv6

  bool operator==(const IpMasqAgent&) const = default;
};

struct Config {
  static constexpr TableFacts kTable{"config", "", "The configuration in force."};
  bool ipv4 = true;                              // ipv4.enabled: false switches the family off whatever the Node says
  bool ipv6 = true;                              // ipv6.enabled
  bool kube_proxy_replacement = true;            // kubeProxyReplacement
  bool external_ips = true;                      // externalIPs.enabled
  bool host_ports = true;                        // hostPort.enabled
  bool cluster_ips_from_outside = false;         // bpf.lbExternalClusterIP
  bool silent_refusals = false;                  // serviceNoBackendResponse is drop
  bool host_sockets_only = false;                // socketLB.hostNamespaceOnly
  bool auto_direct_node_routes = true;           // autoDirectNodeRoutes
  bool direct_routing_skip_unreachable = false;  // directRoutingSkipUnreachable
  std::optional<base::Cidr> ipv4_native_routing_cidr;
  std::optional<base::Cidr> ipv6_native_routing_cidr;
  bool ipv4_masquerade = true;                            // enableIPv4Masquerade
  bool ipv6_masquerade = true;                            // enableIPv6Masquerade
  std::vector<std::string> egress_masquerade_interfaces;  // egressMasqueradeInterfaces: as devices, among the uplinks; empty: all
  IpMasqAgent ip_masq_agent;
  std::vector<std::string> devices;      // devices: names, "eth+" is a prefix; empty: chosen from routes and node addresses
  LinkKind pod_links = LinkKind::kVeth;  // bpf.datapathMode: of new pods, where the kernel has it
  uint32_t lb_map_max = 0;               // bpf.lbMapMax: entries of the services' maps; 0: by the node's memory
  // bpf.ctTcpMax and bpf.ctAnyMax, in flows, bpf.natMax, in entries: of the table of flows; all 0: by the node's memory
  uint32_t ct_tcp_max = 0, ct_any_max = 0, nat_max = 0;
  double map_ratio = 0;                         // bpf.mapDynamicSizeRatio: of the node's memory, for maps that follow it; 0: the usual
  PortRange node_ports{30000, 32767};           // nodePort.range
  std::vector<base::Cidr> node_port_addresses;  // nodePort.addresses: prefixes; of a family without one all addresses count
  bool health_check_node_ports = true;          // nodePort.enableHealthCheck
  // kubeProxyReplacementHealthzBindAddr; nullopt: off
  std::optional<ListenAddress> proxy_healthz = ListenAddress{.address = {}, .port = 10256};
  bool prometheus = true;                      // prometheus.enabled
  uint16_t prometheus_port = 9962;             // prometheus.port
  uint32_t mtu = 0;                            // MTU, bytes; 0: the smallest of the uplinks
  std::string cgroup_root = "/sys/fs/cgroup";  // cgroup.hostRoot
  std::string service_proxy_name;              // k8s.serviceProxyName; empty: Services without such a label are served
  std::string k8s_service_host;                // k8sServiceHost
  uint16_t k8s_service_port = 0;               // k8sServicePort
  bool debug = false;                          // debug.enabled

  bool operator==(const Config&) const = default;
  static std::string key() { return "config"; }  // of the one row
};

// One key that a values file sets, for the table of settings in /status.
enum class SettingClass : uint8_t { kImplemented, kPlanned, kWithoutMeaning };

struct Setting {
  static constexpr TableFacts kTable{"settings", "key", "Keys of the values files and what ichor makes of them."};
  std::string key;     // "loadBalancer.mode"
  std::string value;   // as written, scalars only; "{...}" for a subtree
  std::string origin;  // "FILE:LINE" or "--set"
  SettingClass kind = SettingClass::kImplemented;
  std::string note;  // what ichor makes of it

  bool operator==(const Setting&) const = default;
};

}  // namespace model
