// A map of values against the table of keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "sources/settings/value.h"

namespace sources::settings {

struct Fault {
  Mark mark;
  std::string path;  // "ipam.mode"
  std::string why;
  std::string remedy;  // may be empty
};
model::Problem to_problem(const Fault& fault);

struct AcceptedKey {
  model::Setting setting;
  const Value* value;  // lives as long as what was judged
  Mark mark;
};

struct Judgement {
  model::Config config;  // what the accepted keys say
  std::vector<AcceptedKey> accepted;
  std::vector<Fault> faults;
};
Judgement judge(const Value& values);

// How many of a map's keys are keys of the chart.
size_t known_keys(const Value& map);

// The kind of a Kubernetes object that was given for values, with the place where it says so.
struct ObjectKind {
  std::string kind;
  Mark mark;
};
std::optional<ObjectKind> object_kind(const Value& map);

}  // namespace sources::settings
