// What status says of a table: stands in each kind of row that lies on one.
#pragma once

#include <string_view>

namespace model {

struct TableFacts {
  consteval TableFacts(std::string_view table, std::string_view of_keys, std::string_view sentence)
      : name(table), key_name(of_keys), about(sentence) {}

  std::string_view name;      // "endpoint_slices"
  std::string_view key_name;  // heading of the keys; "" where fields say it better
  std::string_view about;     // one sentence
};

}  // namespace model
