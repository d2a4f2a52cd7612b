// Map `source_ranges`: who may call restricted frontends.
#pragma once

#include "abi/services.h"
#include "io/kernel/key_store.h"
#include "model/desired/services.h"

namespace io::kernel {

source_range_key key_of(const model::desired::SourceRange& row);
model::desired::SourceRange row_of(const source_range_key& key);

using SourceRangeStore = KeyStore<model::desired::SourceRange, source_range_key, key_of, row_of>;

}  // namespace io::kernel
