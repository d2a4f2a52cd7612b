// The verbs that ask a running agent: status and get. They print what its HTTP endpoint says.
#pragma once

#include <string>
#include <vector>

namespace status {

struct Question {
  std::string address;          // ADDRESS:PORT of the agent's HTTP endpoint
  std::string format = "text";  // or "json"
};

// `filters`: "NAME=VALUE", what a listing takes. Exit codes: 0, or 1 with a line on stderr when no agent answers or it has no such table.
int show_status(const Question& question);
int show_table(const Question& question, const std::string& table, const std::vector<std::string>& filters);  // "": the list of tables

}  // namespace status
