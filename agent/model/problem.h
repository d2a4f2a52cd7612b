// Something a person should know about one row: said where it was found, shown next to the row and in /status.
#pragma once

#include <string>

namespace model {

struct Problem {
  std::string subject;  // "Service default/web", "file web.yaml#2", "key loadBalancer.mode"
  std::string text;     // what is wrong
  std::string remedy;   // what to do about it; may be empty

  auto operator<=>(const Problem&) const = default;
};

// "SUBJECT: what is wrong (what to do about it)".
inline std::string to_string(const Problem& problem) {
  std::string text = problem.subject + ": " + problem.text;
  return problem.remedy.empty() ? text : text + " (" + problem.remedy + ")";
}

}  // namespace model
