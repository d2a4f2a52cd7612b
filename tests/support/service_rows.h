// Sets and frontends for tests of their stores.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/desired/services.h"
#include "support/builders.h"

namespace support {

inline model::desired::SetId set_id(int service) {
  return model::desired::SetId("default/s" + std::to_string(service) + ":80/TCP/IPv4/callers");
}

// That of Service number `service`, with the endpoints 10.42.0.N:8080.
inline model::desired::ServiceSet a_set(int service, const std::vector<int>& backends) {
  model::desired::ServiceSet row{.id = set_id(service)};
  for (int backend : backends) row.backends.push_back({ip("10.42.0." + std::to_string(backend)), 8080});
  std::sort(row.backends.begin(), row.backends.end());
  return row;
}

// 10.96.0.ADDRESS:80/TCP, for callers.
inline model::desired::Frontend a_frontend(int address, int service) {
  return {.address = ip("10.96.0." + std::to_string(address)), .port = 80, .callers = set_id(service)};
}

}  // namespace support
