// Decoded rows as the changes that facts are made of.
#pragma once

#include <string>

#include "model/change.h"
#include "sources/decode/objects.h"

namespace sources::decode {

bool same(const ObjectRow& one, const ObjectRow& other);
const model::ObjectMeta& meta_of(const ObjectRow& row);
model::Change put_change(const std::string& key, const ObjectRow& row);
model::Change gone_change(const std::string& key, const ObjectRow& last);

}  // namespace sources::decode
