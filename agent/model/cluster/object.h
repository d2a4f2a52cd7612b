// What every Kubernetes object has. A row's table key is key(): "namespace/name", or "name" for cluster-scoped kinds.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/table_facts.h"

namespace model {

using Labels = std::map<std::string, std::string>;

struct ObjectMeta {
  std::string ns;  // empty: cluster-scoped
  std::string name;
  std::string uid;
  int64_t created = 0;  // metadata.creationTimestamp, seconds since 1970; 0: not known
  Labels labels;
  Labels annotations;
  std::string origin;  // where the row comes from: "FILE" or "FILE#DOCUMENT" in manifest mode

  bool operator==(const ObjectMeta&) const = default;
  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

}  // namespace model
