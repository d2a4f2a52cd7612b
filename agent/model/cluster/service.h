// A Service (core/v1) as decoded and defaulted; what its spec leaves out is filled in as the API server would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "model/cluster/object.h"

namespace model {

enum class Protocol : uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };  // IANA protocol numbers
constexpr std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
  }
  return "?";
}

enum class ServiceType : uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };
enum class TrafficPolicy : uint8_t { kCluster, kLocal };

struct ServicePort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;
  uint16_t node_port = 0;   // 0: none
  std::string target_port;  // number or name as written; informative, endpoints carry the resolved number

  bool operator==(const ServicePort&) const = default;
};

struct Service {
  static constexpr TableFacts kTable{"services", "service", "Services as read from the cluster."};
  ObjectMeta meta;
  ServiceType type = ServiceType::kClusterIp;
  std::vector<base::Ip> cluster_ips;  // empty: headless, ExternalName, or nothing has assigned one
  bool headless = false;              // clusterIP: None
  std::vector<base::Family> ip_families;
  std::vector<ServicePort> ports;
  Labels selector;
  TrafficPolicy internal_traffic_policy = TrafficPolicy::kCluster;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  std::vector<base::Ip> external_ips;
  std::vector<base::Ip> load_balancer_ingress;  // status.loadBalancer.ingress[].ip
  bool restricts_sources = false;               // spec.loadBalancerSourceRanges names something, were it unreadable
  std::vector<base::Cidr> source_ranges;        // what could be read of it
  uint16_t health_check_node_port = 0;          // 0: none
  bool publish_not_ready_addresses = false;
  uint32_t client_ip_affinity_seconds = 0;  // 0: sessionAffinity None

  bool operator==(const Service&) const = default;
};

}  // namespace model
