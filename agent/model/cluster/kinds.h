// The kinds of Kubernetes objects that are read.
#pragma once

#include "model/cluster/endpoint_slice.h"
#include "model/cluster/node.h"
#include "model/cluster/pod.h"
#include "model/cluster/service.h"
#include "model/kinds.h"

namespace model {

using ObjectKinds = Kinds<Service, EndpointSlice, Node, Pod, Namespace>;

}  // namespace model
