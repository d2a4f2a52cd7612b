// A desired row on one line, for comparing and for failure messages.
#pragma once

#include <string>

#include "status/fields.h"

namespace support {

inline std::string row_text(const model::desired::Row& row) {
  std::string text = std::visit([]<class Kind>(const Kind&) { return std::string(Kind::kKind); }, row);
  for (const auto& [name, value] : status::fields(row)) {
    text += " " + std::string(name) + "=";
    if (const auto* word = std::get_if<std::string>(&value)) text += *word;
    if (const auto* number = std::get_if<int64_t>(&value)) text += std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&value)) text += *flag ? "true" : "false";
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
      for (const auto& item : *list) text += item + ",";
  }
  return text;
}

}  // namespace support
