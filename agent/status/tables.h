// Every table of the agent by name, as lines of named fields: the one form in which text, JSON, the web page and the CLI show rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/effect.h"
#include "status/fields.h"

namespace status {

struct Line {
  std::string key;
  Fields fields;
};

struct TableView {
  std::string key_name;     // the heading of the keys; "" where fields say it better
  std::vector<Line> lines;  // sorted by key
};

struct TableDefinition {
  std::string_view name;
  std::string description;  // one sentence
  TableView (*view)(const model::Published&);
};

const std::vector<TableDefinition>& tables();
const TableDefinition* find_table(std::string_view name);
std::string_view nearest_table(std::string_view name);  // "" when none is near

// Name, number of rows, description; listings too, without a number.
TableView table_of_tables(const model::Published& published);

}  // namespace status
