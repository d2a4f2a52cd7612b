#include "io/kernel/source_ranges.h"

#include "io/kernel/prefix_keys.h"

namespace io::kernel {

using model::desired::SetId;
using model::desired::SourceRange;

source_range_key key_of(const SourceRange& row) {
  const uint64_t hash = row.set.hash();
  return {.prefix_length = SOURCE_RANGE_SET_BITS + prefix_bits(row.prefix),
          .set_hash = {static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32)},
          .client = model::to_abi(row.prefix.address)};
}

SourceRange row_of(const source_range_key& key) {
  const uint64_t hash = key.set_hash[0] | uint64_t{key.set_hash[1]} << 32;
  const uint32_t bits = key.prefix_length >= SOURCE_RANGE_SET_BITS ? key.prefix_length - SOURCE_RANGE_SET_BITS : 0;
  return {.set = SetId::of_hash(hash), .prefix = prefix_from(bits, key.client)};
}

}  // namespace io::kernel
