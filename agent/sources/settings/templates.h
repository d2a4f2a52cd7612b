// Values files that a program fills in before Helm sees them: Go templates, Jinja, Terraform, Flux' ${VARIABLES}.
#pragma once

#include <string>
#include <string_view>

#include "sources/settings/value.h"

namespace sources::settings {

// The text with lines that only steer a template left empty, and with each value that one is part of in quotes, so that it reads as YAML.
std::string quoted_templates(std::string_view text);

// Somewhere in the value a template stands for what is not known here.
bool has_template(const Value& value);

}  // namespace sources::settings
