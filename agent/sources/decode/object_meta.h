// metadata, which all kinds share.
#pragma once

#include "sources/decode/field.h"

namespace sources::decode {

enum class Scope : uint8_t { kCluster, kNamespaced };

model::ObjectMeta decode_meta(const Field& object, Scope scope, bool (*is_name)(std::string_view));
bool being_deleted(const Field& object);

}  // namespace sources::decode
