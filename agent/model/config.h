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

struct Config {
  static constexpr TableFacts kTable{"config", "", "The configuration in force."};
  bool ipv4 = true;                              // ipv4.enabled: false switches the family off whatever the Node says
  bool ipv6 = true;                              // ipv6.enabled
  bool kube_proxy_replacement = true;            // kubeProxyReplacement
  bool auto_direct_node_routes = true;           // autoDirectNodeRoutes
  bool direct_routing_skip_unreachable = false;  // directRoutingSkipUnreachable
  std::optional<base::Cidr> ipv4_native_routing_cidr;
  std::optional<base::Cidr> ipv6_native_routing_cidr;
  std::vector<std::string> devices;            // devices: names, "eth+" is a prefix; empty: chosen from routes and node addresses
  LinkKind pod_links = LinkKind::kVeth;        // bpf.datapathMode: of new pods, where the kernel has it
  uint32_t mtu = 0;                            // MTU, bytes; 0: the smallest of the uplinks
  std::string cgroup_root = "/sys/fs/cgroup";  // cgroup.hostRoot
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
