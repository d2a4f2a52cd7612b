// One decoder per kind of object: the tree of what the API server or a person writes to a checked row, with what the API server would
// default filled in. Unknown fields are ignored. What makes the whole useless comes back as an error, "FIELD.PATH: what and why"; what
// is wrong in one entry of a list, or in a field that nothing depends on, is left out with a warning.
#pragma once

#include <optional>

#include "base/result.h"
#include "model/cluster/endpoint_slice.h"
#include "model/cluster/node.h"
#include "model/cluster/pod.h"
#include "model/cluster/service.h"
#include "sources/decode/field.h"

namespace sources::decode {

base::Result<model::Service> decode_service(const Value& object, Warnings& warnings);
// nullopt: addressType FQDN, which the datapath has no use for.
base::Result<std::optional<model::EndpointSlice>> decode_endpoint_slice(const Value& object, Warnings& warnings);
base::Result<model::Node> decode_node(const Value& object, Warnings& warnings);
base::Result<model::Pod> decode_pod(const Value& object, Warnings& warnings);
base::Result<model::Namespace> decode_namespace(const Value& object, Warnings& warnings);

}  // namespace sources::decode
