// Where this agent's metrics are scraped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "model/desired/kind_facts.h"

namespace model::desired {

// A TCP port that this process listens on, and answers /metrics at.
struct MetricsListener {
  static constexpr std::string_view kKind = "metrics_listeners";
  static constexpr KindFacts kFacts{"Ports at which Prometheus scrapes this agent's metrics.", kAllSources, Removal::kAtOnce,
                                    Reread::kNever, MadeIn::kNode};
  base::Ip address;   // unspecified: every address of its family that the node has or gets
  uint16_t port = 0;  // host order

  bool operator==(const MetricsListener&) const = default;
  std::string key() const { return base::endpoint_text(address, port); }
};

}  // namespace model::desired
