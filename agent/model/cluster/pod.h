// A Pod (core/v1): names and addresses for status and, later, bandwidth, policy and flows. Forwarding needs none of it.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "model/cluster/object.h"

namespace model {

struct Pod {
  static constexpr TableFacts kTable{"pods", "pod", "Pods as read from the cluster."};
  ObjectMeta meta;
  std::string node_name;
  bool host_network = false;
  std::string phase;  // Pending, Running, Succeeded, Failed, Unknown
  std::vector<base::Ip> ips;

  bool operator==(const Pod&) const = default;
};

struct Namespace {
  static constexpr TableFacts kTable{"namespaces", "namespace", "Namespaces."};
  ObjectMeta meta;

  bool operator==(const Namespace&) const = default;
};

}  // namespace model
