#include "plan/plan.h"

#include "plan/canary.h"
#include "plan/cni_conf.h"
#include "plan/direct_delivery.h"
#include "plan/health_checks.h"
#include "plan/host_ports.h"
#include "plan/ipam.h"
#include "plan/map_sizes.h"
#include "plan/masquerade.h"
#include "plan/metrics.h"
#include "plan/node_addresses.h"
#include "plan/node_condition.h"
#include "plan/pods.h"
#include "plan/programs.h"
#include "plan/routes.h"
#include "plan/services.h"
#include "plan/sysctls.h"
#include "plan/unmasqueraded.h"

namespace plan {

std::span<const Feature> features() {
  static const Feature kFeatures[] = {
      {"sysctls", sysctls::keys_for, sysctls::plan},                          // forwarding
      {"programs", programs::keys_for, programs::plan},                       // the BPF object and where its programs hang
      {"map_sizes", map_sizes::keys_for, map_sizes::plan},                    // how many entries each of its maps has
      {"services", services::keys_for, services::plan},                       // frontends and backends of each Service
      {"node_addresses", node_addresses::keys_for, node_addresses::plan},     // where NodePorts are called
      {"unmasqueraded", unmasqueraded::keys_for, unmasqueraded::plan},        // who sees pods' own addresses
      {"masquerade", masquerade::keys_for, masquerade::plan},                 // the node's address that all others see
      {"ipam", ipam::keys_for, ipam::plan},                                   // addresses of each sandbox
      {"direct_delivery", direct_delivery::keys_for, direct_delivery::plan},  // what goes past the node's own stack
      {"pods", pods::keys_for, pods::plan},                                   // link, filters, map entries, routes of each sandbox
      {"host_ports", host_ports::keys_for, host_ports::plan},                 // ports of the node that lead to a pod
      {"routes", routes::keys_for, routes::plan},                             // pod CIDRs of each peer, and the unused rest of our own
      {"health_checks", health_checks::keys_for, health_checks::plan},        // what load balancers hear of this node
      {"metrics", metrics::keys_for, metrics::plan},                          // where they are scraped
      {"canary", canary::keys_for, canary::plan},                             // the service behind /readyz
      {"cni_conf", cni_conf::keys_for, cni_conf::plan},                       // what tells the runtime that pods can be made
      {"node_condition", node_condition::keys_for, node_condition::plan},     // what tells the scheduler so
  };
  return kFeatures;
}

}  // namespace plan
