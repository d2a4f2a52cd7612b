// Lines as text for people and as JSON for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "status/tables.h"

namespace status {

// A heading and aligned columns; "-" where there is nothing, no trailing blanks. Columns that are empty in every line are left out.
// Control characters are escaped: names come from outside and terminals obey them.
std::string render_text(const TableView& view);

// An array of objects with "key" first.
std::string render_json(const TableView& view);

// Serialized with two spaces; bytes that are not UTF-8 are replaced.
std::string dump(const nlohmann::ordered_json& json);

// Without control characters, as render_text writes it.
std::string printable(std::string_view text);

}  // namespace status
