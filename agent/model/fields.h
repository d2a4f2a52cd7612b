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

namespace model {

using FieldValue = std::variant<std::string, int64_t, bool, std::vector<std::string>>;
using Fields = std::vector<std::pair<std::string_view, FieldValue>>;

Fields fields(const Service&);
Fields fields(const EndpointSlice&);
Fields fields(const Node&);
Fields fields(const Pod&);
Fields fields(const Namespace&);
Fields fields(const Link&);
Fields fields(const Address&);
Fields fields(const HostRoute&);
Fields fields(const LostDefaultRoute&);
Fields fields(const HostNeighbor&);
Fields fields(const ForwardChain&);
Fields fields(const Sandbox&);
Fields fields(const Allocation&);
Fields fields(const Config&);
Fields fields(const Setting&);
Fields fields(const SourceStatus&);
Fields fields(const CanaryResult&);
Fields fields(const UnreadKind&);
Fields fields(const Problem&);
Fields fields(const desired::Row&);

}  // namespace model
