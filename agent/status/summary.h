// The whole state of the agent as a person wants to read it: the text of /status, of RUN-DIR/status, and the same as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/effect.h"
#include "status/pressure.h"
#include "status/readiness.h"
#include "status/surroundings.h"

namespace status {

// A number of things, the first few of which are named.
struct Named {
  size_t count = 0;
  std::vector<std::string> names;  // sorted
};

struct Failure {
  std::string thing;  // "KIND NAME"
  std::string error;
  std::string retry;
};

struct Summary {
  std::string version, node;
  bool ready = false;
  std::vector<Check> checks;
  base::Millis uptime{};
  base::Millis ready_after{};  // since the start; zero: not yet
  std::vector<std::pair<std::string, model::SourceStatus>> sources;
  std::vector<std::string> settings_files;
  Named settings_in_force, settings_planned, settings_without_meaning;
  Named unread_kinds;
  size_t sandboxes = 0, pods_known = 0;
  size_t services = 0, frontends = 0;
  Named without_endpoints;
  size_t peers = 0;
  Named routes, hooks, sysctls;
  size_t filters = 0;
  std::vector<std::pair<std::string, int64_t>> map_sizes;  // entries
  std::optional<Pressure> pressure;                        // nullopt: not measured
  size_t wanted = 0, done = 0, pending = 0, kept = 0;
  std::vector<Failure> failures;
  std::vector<model::Problem> problems;
  model::EngineCounters counters;
  Surroundings surroundings;
};

Summary summarize(const model::Published& published, base::BootTime now, Surroundings surroundings);
std::string summary_text(const Summary& summary);
std::string summary_json(const Summary& summary);
std::string summary_line(const Summary& summary);  // for the log
// All that is amiss, a line each: failing checks, problems, kernel settings, and last, of which there may be many, failed writes.
std::vector<std::string> summary_faults(const Summary& summary);

// "ok  NAME  TEXT" for each check, with what to do below a failing one, and a last line READY or NOT READY.
std::string readiness_text(const std::vector<Check>& checks);
std::string readiness_json(const std::vector<Check>& checks);

}  // namespace status
