#include "io/kernel/map_shape.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/text.h"
#include "io/kernel/map_entries.h"

namespace io::kernel {
namespace {

constexpr int kDeepest = 16;  // of structs in structs

// "{address@0:{words_be@0:[4]i4}port_be@16:i2}": what a reader of the memory must know, and nothing that a rename of the type changes.
void describe(const btf* types, uint32_t id, std::string& text, int depth = 0) {
  int resolved = btf__resolve_type(types, id);  // typedefs and qualifiers
  const btf_type* type = resolved < 0 ? nullptr : btf__type_by_id(types, static_cast<uint32_t>(resolved));
  if (!type || depth > kDeepest) {
    text += "?";
  } else if (btf_is_composite(type)) {
    text += btf_is_union(type) ? "(" : "{";
    for (uint16_t i = 0; i < btf_vlen(type); ++i) {
      const btf_member& member = btf_members(type)[i];
      text += std::string(btf__name_by_offset(types, member.name_off)) + "@" + std::to_string(btf_member_bit_offset(type, i) / 8) + ":";
      describe(types, member.type, text, depth + 1);
    }
    text += btf_is_union(type) ? ")" : "}";
  } else if (btf_is_array(type)) {
    text += "[" + std::to_string(btf_array(type)->nelems) + "]";
    describe(types, btf_array(type)->type, text, depth + 1);
  } else {
    text += "i" + std::to_string(type->size);
  }
}

uint64_t layout_of(const MapShape& shape, const btf* types, uint32_t key, uint32_t value) {
  std::string text = std::to_string(shape.type) + "," + std::to_string(shape.flags) + "," + std::to_string(shape.key_size) + "," +
                     std::to_string(shape.value_size) + ":";
  if (types && key) describe(types, key, text);
  text += ">";
  if (types && value) describe(types, value, text);
  return base::stable_hash(text);
}

struct FreeTypes {
  void operator()(btf* types) const { btf__free(types); }
};

}  // namespace

MapShape shape_of(const bpf_object* object, const bpf_map* map) {
  MapShape shape{.type = bpf_map__type(map),
                 .key_size = bpf_map__key_size(map),
                 .value_size = bpf_map__value_size(map),
                 .flags = bpf_map__map_flags(map),
                 .entries = bpf_map__max_entries(map)};
  shape.layout = layout_of(shape, bpf_object__btf(object), bpf_map__btf_key_type_id(map), bpf_map__btf_value_type_id(map));
  return shape;
}

base::Result<bpf_map_info> map_info(int map_fd) {
  bpf_map_info facts = {};
  uint32_t size = sizeof facts;
  if (bpf_map_get_info_by_fd(map_fd, &facts, &size) != 0) return base::errno_error("map's facts");
  return facts;
}

base::Result<MapShape> shape_of(int map_fd) {
  const bpf_map_info facts = TRY(map_info(map_fd));
  MapShape shape{.type = facts.type,
                 .key_size = facts.key_size,
                 .value_size = facts.value_size,
                 .flags = facts.map_flags,
                 .entries = facts.max_entries};
  std::unique_ptr<btf, FreeTypes> types(facts.btf_id ? btf__load_from_kernel_by_id(facts.btf_id) : nullptr);
  shape.layout = layout_of(shape, types.get(), facts.btf_key_type_id, facts.btf_value_type_id);
  return shape;
}

base::Result<uint32_t> entries_in_use(int map_fd, const MapShape& shape) {
  uint32_t in_use = 0;
  const bool array = is_array(shape);
  TRY(for_each_entry(map_fd, shape, [&](const void* key, const void* value) -> base::Result<void> {
    if (!array) return ++in_use, base::Result<void>{};
    const auto* bytes = static_cast<const char*>(value);
    if (std::any_of(bytes, bytes + shape.value_size, [](char byte) { return byte != 0; })) in_use = *static_cast<const uint32_t*>(key) + 1;
    return {};
  }));
  return in_use;
}

}  // namespace io::kernel
