// What must hold before this node may be called ready. One Service that cannot be programmed is not among it: that is that Service's
// problem, and taking the node out would break all others.
#include "status/readiness.h"

#include <algorithm>

#include "base/text.h"
#include "model/unwatched.h"
#include "status/fields_text.h"

namespace status {

using namespace model;

namespace {

// Rows of an earlier run will do: a node that boots while the API server is away must serve its pods.
Check source_check(const Snapshot& snapshot, SourceId id, const std::string& when_unknown) {
  const SourceStatus* source = snapshot.source(id);
  if (!source) return {source_name(id), false, when_unknown};
  return {source_name(id), source->synced || source->kept,
          source->text.empty() ? (source->synced ? "synced" : when_unknown) : source->text};
}

// With the API server away the node goes on with what it knows. One that answers, but does not say what changes, is no outage that ends by
// itself, and what the node knows is wrong sooner or later.
Check objects_check(const Snapshot& snapshot) {
  Check check = source_check(snapshot, SourceId::kObjects, "Services, slices and nodes have not been read yet");
  const auto* unwatched = snapshot.table<Problem>().find(problem_key(Origin::kObjects, kUnwatched));
  return unwatched ? Check{check.name, false, unwatched->subject + ": " + unwatched->text} : check;
}

// "SUBJECT: TEXT" of each problem of that origin, sorted.
std::vector<std::string> problems_of(const Snapshot& snapshot, Origin origin) {
  std::vector<std::string> texts;
  for (const auto& [key, problem] : snapshot.table<Problem>())
    if (problem->origin == origin) texts.push_back(problem->subject + ": " + problem->text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

Check settings_check(const Snapshot& snapshot) {
  Check check = source_check(snapshot, SourceId::kSettings, "no configuration has been read yet");
  if (!snapshot.table<Config>().find(Config::key())) {
    check.ok = false;
    if (check.text == "synced") check.text = "no configuration is in force";
  }
  const auto errors = problems_of(snapshot, Origin::kSettings);
  if (errors.empty()) return check;
  check.ok = false;
  check.text = errors.front();
  if (errors.size() > 1) check.text += " (and " + std::to_string(errors.size() - 1) + " more)";
  return check;
}

Check pod_cidr_check(const Snapshot& snapshot) {
  Check check{"pod_cidr", false, ""};
  const Node* node = snapshot.own_node();
  if (!node) {
    check.text = "Node " + snapshot.identity.node_name + " is not known";
  } else if (node->pod_cidrs.empty()) {
    check.text = "Node " + snapshot.identity.node_name + " has no spec.podCIDRs";
  } else {
    check.ok = true;
    for (const auto& cidr : node->pod_cidrs) check.text += (check.text.empty() ? "" : " ") + base::to_string(cidr);
  }
  return check;
}

// Effects that all pods of the node depend on.
struct Shared {
  size_t objects = 0, attachments = 0, waiting = 0;
  std::vector<std::string> failed;
};

// How many are wanted.
size_t add(Shared& shared, const Table<Effect>& effects) {
  size_t wanted = 0;
  for (const auto& [key, effect] : effects) {
    if (is_null(effect->desired)) continue;
    if (effect->outcome.state == OutcomeState::kFailed) shared.failed.push_back(row_name(effect->desired) + ": " + effect->outcome.error);
    if (effect->outcome.state == OutcomeState::kPending) ++shared.waiting;
    ++wanted;
  }
  return wanted;
}

Shared shared_effects(const Effects& effects) {
  Shared shared;
  add(shared, effects.of<desired::Sysctl>());
  shared.objects = add(shared, effects.of<desired::DatapathObject>());
  shared.attachments = add(shared, effects.of<desired::Attachment>());
  std::sort(shared.failed.begin(), shared.failed.end());
  return shared;
}

Check datapath_check(const Published& published) {
  Shared shared = shared_effects(published.effects);
  Check check{"datapath", false, ""};
  if (!shared.failed.empty())
    check.text = shared.failed.front() + (shared.failed.size() > 1 ? " (and " + std::to_string(shared.failed.size() - 1) + " more)" : "");
  else if (shared.waiting)
    check.text = std::to_string(shared.waiting) + " of its parts are not in place yet";
  else if (!shared.objects || !shared.attachments)
    check.text = "nothing has asked for programs yet";
  else {
    check.ok = true;
    check.text = std::to_string(shared.attachments) + " programs attached";
  }
  return check;
}

Check canary_check(const Snapshot& snapshot, const char* name, bool CanaryResult::* side) {
  const auto& results = snapshot.table<CanaryResult>();
  if (results.size() == 0) return {name, false, "no connection has been tried yet"};
  const CanaryResult& result = *(*results.begin()).second;
  if (result.*side) return {name, true, "connected through the datapath"};
  return {name, false, result.error.empty() ? "the connection through the datapath failed" : result.error};
}

// What did not start, or is waited for, and a state directory that takes nothing: each with the reason in its own words.
void add_obstacles(const Snapshot& snapshot, std::vector<Check>& checks) {
  const auto starts = problems_of(snapshot, Origin::kStart);
  if (const auto* full = snapshot.table<Problem>().find(problem_key(Origin::kStateDirectory, "")))
    checks.insert(checks.begin(), {"state_dir", false, full->subject + ": " + full->text});
  if (!starts.empty()) checks.insert(checks.begin(), {"start", false, base::join(starts, "; ")});
}

}  // namespace

std::vector<Check> readiness(const Published& published) {
  const Snapshot& snapshot = published.snapshot;
  std::vector<Check> checks{settings_check(snapshot),
                            objects_check(snapshot),
                            source_check(snapshot, SourceId::kHost, "the node's own links and routes have not been read yet"),
                            source_check(snapshot, SourceId::kSandboxes, "the record of pods on this node has not been read yet"),
                            pod_cidr_check(snapshot),
                            datapath_check(published),
                            canary_check(snapshot, "canary_from_host", &CanaryResult::from_host),
                            canary_check(snapshot, "canary_from_pod", &CanaryResult::from_pod)};
  add_obstacles(snapshot, checks);
  return checks;
}

bool is_programmed(const Published& published) {
  const Shared shared = shared_effects(published.effects);
  return shared.failed.empty() && shared.waiting == 0;
}

bool ready(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
}

}  // namespace status
