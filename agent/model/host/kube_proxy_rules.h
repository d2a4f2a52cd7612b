// What a kube-proxy has put into the kernel; ichor never touches it. Keyed by key(): "ip nftables".
#pragma once

#include <string>

#include "model/table_facts.h"

namespace model {

struct KubeProxyRules {
  static constexpr TableFacts kTable{"kube_proxy_rules", "", "Rules of a kube-proxy, which may still translate connections."};
  std::string family;   // "ip", "ip6"
  std::string made_by;  // as kube-proxy calls its modes: "nftables", "iptables"; "iptables-legacy" where ip_tables has them

  bool operator==(const KubeProxyRules&) const = default;
  std::string key() const { return family + " " + made_by; }
};

}  // namespace model
