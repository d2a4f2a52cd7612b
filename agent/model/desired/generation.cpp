#include <cstdio>
#include <cstring>
#include <type_traits>

#include "base/text.h"
#include "model/desired/rows.h"

namespace model::desired {

static_assert(std::has_unique_object_representations_v<datapath_config>, "padding would be part of the generation");

std::string generation_of(const std::string& object, const datapath_config& config) {
  const datapath_config unset = {};
  if (std::memcmp(&config, &unset, sizeof config) == 0) return object;
  char digits[18];
  std::snprintf(digits, sizeof digits, "_%016llx",
                static_cast<unsigned long long>(base::stable_hash({reinterpret_cast<const char*>(&config), sizeof config})));
  return object + digits;
}

}  // namespace model::desired
