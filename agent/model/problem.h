// Something a person should know about one row: said where it was found, shown next to the row and in /status.
#pragma once

#include <cstdint>
#include <string>

#include "model/table_facts.h"

namespace model {

// Who found it.
enum class Origin : uint8_t { kPlanner, kSettings, kObjects, kHost, kSandboxes, kStateDirectory, kStatusPatches, kStart };

constexpr const char* origin_name(Origin origin) {
  switch (origin) {
    case Origin::kPlanner:
      return "planner";
    case Origin::kSettings:
      return "settings";
    case Origin::kObjects:
      return "objects";
    case Origin::kHost:
      return "host";
    case Origin::kSandboxes:
      return "sandboxes";
    case Origin::kStateDirectory:
      return "state_directory";
    case Origin::kStatusPatches:
      return "status_patches";
    case Origin::kStart:
      return "start";
  }
  return "";
}

struct Problem {
  static constexpr TableFacts kTable{"problems", "", "What is wrong and what to do about it."};
  std::string subject;  // "Service default/web", "file web.yaml#2", "key loadBalancer.mode"
  std::string text;     // what is wrong
  std::string remedy;   // what to do about it; may be empty
  Origin origin = Origin::kPlanner;

  auto operator<=>(const Problem&) const = default;
};

// Of the row of a problem that no planner found: whatever the name, no origin meets another's.
inline std::string problem_key(Origin origin, const std::string& name) { return std::string(origin_name(origin)) + "/" + name; }

// "SUBJECT: what is wrong (what to do about it)".
inline std::string to_string(const Problem& problem) {
  std::string text = problem.subject + ": " + problem.text;
  return problem.remedy.empty() ? text : text + " (" + problem.remedy + ")";
}

}  // namespace model
