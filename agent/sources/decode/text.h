// Text of a manifest file to JSON trees, one per document, so that each kind of object needs one decoder whatever it was written in.
// YAML scalars are typed by the YAML 1.2 core schema. No exception leaves; errors name the line.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sources::decode {

using Document = base::Result<nlohmann::json>;

Document parse_json(std::string_view text);
// Empty documents are left out. A document that is broken does not touch the others, except by using up the file's Budget.
std::vector<Document> parse_yaml(std::string_view text);
// By the file's name: JSON for *.json. Other files are JSON if they start with a brace and parse as such, else YAML.
std::vector<Document> parse_text(std::string_view file, std::string_view text);

}  // namespace sources::decode
