// An EndpointSlice (discovery.k8s.io/v1). FQDN slices are not decoded into rows.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "model/cluster/object.h"
#include "model/cluster/service.h"

namespace model {

struct Endpoint {
  base::Ip address;  // addresses[0]: the only one that is used (KEP-752)
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string node_name;
  std::string zone;
  std::vector<std::string> zone_hints;
  std::vector<std::string> node_hints;
  std::string target;  // "Pod ns/name", "" when not given

  bool operator==(const Endpoint&) const = default;
};

struct EndpointPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;  // entries without a number are not decoded

  bool operator==(const EndpointPort&) const = default;
};

struct EndpointSlice {
  static constexpr TableFacts kTable{"endpoint_slices", "slice", "EndpointSlices: who answers for a Service."};
  ObjectMeta meta;
  std::string service;  // key of the Service named by kubernetes.io/service-name; "" when the label is missing
  base::Family family = base::Family::kIpv4;
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;

  bool operator==(const EndpointSlice&) const = default;
};

}  // namespace model
