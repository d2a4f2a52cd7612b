// Text of a values file to a Value, within bounds that hostile text cannot pass.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sources/settings.h"
#include "sources/settings/value.h"

namespace sources::settings {

constexpr size_t kMaxFileBytes = 1 << 20;

// A map, or null for an empty file; else the first thing that is wrong with it.
std::variant<Value, model::Problem> read_values(const NamedText& file);

// All documents of a file, of which some may be other things than values. Of a key that is there twice the last one counts, as for Helm,
// and `twice` says so.
struct Documents {
  std::vector<Value> values;
  std::vector<model::Problem> wrong;  // documents that are no YAML
  std::vector<model::Problem> twice;
};
Documents read_documents(const NamedText& file);

}  // namespace sources::settings
