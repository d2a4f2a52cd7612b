// Every row as named fields, in the order a person wants to read them: the columns of tables, in text and in JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/effect.h"
#include "model/snapshot.h"

namespace status {

using FieldValue = std::variant<std::string, int64_t, bool, std::vector<std::string>>;
using Fields = std::vector<std::pair<std::string_view, FieldValue>>;

// For each of model::KnownKinds.
Fields fields(const model::Service&);
Fields fields(const model::EndpointSlice&);
Fields fields(const model::Node&);
Fields fields(const model::Pod&);
Fields fields(const model::Namespace&);
Fields fields(const model::Link&);
Fields fields(const model::Address&);
Fields fields(const model::HostRoute&);
Fields fields(const model::LostDefaultRoute&);
Fields fields(const model::HostNeighbor&);
Fields fields(const model::ForwardChain&);
Fields fields(const model::KubeProxyRules&);
Fields fields(const model::Sandbox&);
Fields fields(const model::Allocation&);
Fields fields(const model::Config&);
Fields fields(const model::Setting&);
Fields fields(const model::SourceStatus&);
Fields fields(const model::CanaryResult&);
Fields fields(const model::UnreadKind&);
Fields fields(const model::Problem&);
Fields fields(const model::desired::Row&);
Fields fields(const model::desired::SharedRow&);  // none for null

}  // namespace status
