#include "sources/decode/tree_builder.h"

namespace sources::decode {

size_t JsonTree::bytes(const Value& value) {
  size_t bytes = 48;  // a map's node with its key's header
  if (value.is_string()) bytes += value.get_ref<const std::string&>().size();
  if (value.is_array())
    for (const auto& element : value) bytes += JsonTree::bytes(element);
  if (value.is_object())
    for (const auto& [name, member] : value.items()) bytes += name.size() + JsonTree::bytes(member);
  return bytes;
}

}  // namespace sources::decode
