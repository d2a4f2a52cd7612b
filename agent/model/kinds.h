// A list of row types, from which everything that exists once a kind is made: tables, changes, stores, targets, effects.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace model {

template <class... Rows>
struct Kinds {
  template <template <class> class Of>
  using Tuple = std::tuple<Of<Rows>...>;
  template <template <class> class Of>
  using Variant = std::variant<Of<Rows>...>;
  using AnyRow = std::variant<Rows...>;

  static constexpr size_t kCount = sizeof...(Rows);
  template <class Row>
  static constexpr bool kContains = (std::is_same_v<Row, Rows> || ...);
  // Its place in the list.
  template <class Row>
  static constexpr size_t index_of() {
    size_t index = 0;
    ((std::is_same_v<Row, Rows> || (++index, false)) || ...);
    return index;
  }

  // visit(std::type_identity<Row>()) for each, in order.
  template <class Visit>
  static constexpr void each(Visit visit) {
    (visit(std::type_identity<Rows>()), ...);
  }
};

template <class... First, class... Second>
Kinds<First..., Second...> operator+(Kinds<First...>, Kinds<Second...>);  // for decltype

}  // namespace model
