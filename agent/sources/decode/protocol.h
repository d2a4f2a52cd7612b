// The transport protocols that Services and EndpointSlices name; absent means TCP.
#pragma once

#include "model/cluster/service.h"
#include "sources/decode/field.h"

namespace sources::decode {

inline model::Protocol decode_protocol(const Field& field) {
  using model::Protocol;
  return one_of<Protocol>(field, {{"TCP", Protocol::kTcp}, {"UDP", Protocol::kUdp}, {"SCTP", Protocol::kSctp}});
}

}  // namespace sources::decode
