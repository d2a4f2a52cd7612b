// Who asks for a row: one key of one planner.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace model {

struct Owner {
  std::string_view feature;  // plan::Feature's name, which lives as long as the process; "": nobody
  std::string key;

  auto operator<=>(const Owner&) const = default;
  std::string text() const { return std::string(feature) + (feature.empty() ? "" : " ") + key; }  // "services default/web"
};

}  // namespace model

template <>
struct std::hash<model::Owner> {
  size_t operator()(const model::Owner& owner) const noexcept {
    return std::hash<std::string_view>{}(owner.feature) * 131 + std::hash<std::string>{}(owner.key);
  }
};
