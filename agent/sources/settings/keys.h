// The table of all keys: what ichor makes of each key of the charts of Cilium 1.18 to 1.20. Its rows lie in keys_*.cpp, by top-level
// key; --help, the reference page and the judging of values files all read them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "sources/settings/shape.h"

namespace sources::settings {

enum class KeyClass : uint8_t { kImplemented, kPlanned, kWithoutMeaning, kRefused };

struct Key {
  std::string_view pattern;  // "ipam.mode", or "operator.*" for all that lies below and has no row of its own
  KeyClass kind = KeyClass::kWithoutMeaning;
  Shape shape;            // kRefused: the values that turn it off; an empty list or map does so too
  std::string_view note;  // what ichor makes of it; for kRefused and for a choice that is refused, what to do instead
  void (*assign)(model::Config&, const Accepted&) = nullptr;
};

template <auto kField>
void assign(model::Config& config, const Accepted& accepted) {
  auto& field = config.*kField;
  using Field = std::remove_reference_t<decltype(field)>;
  if constexpr (std::is_same_v<Field, bool>)
    field = std::get<bool>(accepted);
  else if constexpr (std::is_floating_point_v<Field>)
    field = std::get<double>(accepted);
  else if constexpr (std::is_integral_v<Field>)
    field = static_cast<Field>(std::get<int64_t>(accepted));
  else if constexpr (std::is_same_v<Field, std::optional<base::Cidr>>)
    field = std::get<base::Cidr>(accepted);
  else
    field = std::get<Field>(accepted);
}

// Rows of each file, in the order of the reference page.
std::span<const Key> routing_keys();
std::span<const Key> address_keys();
std::span<const Key> service_keys();
std::span<const Key> announcement_keys();
std::span<const Key> datapath_keys();
std::span<const Key> policy_keys();
std::span<const Key> observability_keys();
std::span<const Key> cluster_keys();
std::span<const Key> deployment_keys();

std::vector<const Key*> all_keys();

const Key* exact_key(std::string_view path);
const Key* covering_key(std::string_view path);                    // the nearest "x.*" above the path
bool has_keys_below(std::string_view path);                        // some row's pattern begins with "path."
bool is_one_row(std::string_view path);                            // "path.*" is a row and the only one below path
std::vector<std::string_view> keys_below(std::string_view path);   // names, one level; "": top level
std::vector<std::string_view> keys_called(std::string_view name);  // full paths that end so

// What the table says of a full path; null: unknown, or a map that the table knows only by its keys.
const Key* find_key(std::string_view path);

}  // namespace sources::settings
