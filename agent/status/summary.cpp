#include "status/summary.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "status/effects.h"
#include "status/fields_text.h"
#include "status/version.h"

namespace status {
namespace {

using namespace model::desired;

void add(Named& named, std::string name) {
  ++named.count;
  named.names.push_back(std::move(name));
}

void finish(Named& named) { std::sort(named.names.begin(), named.names.end()); }

// Settings carry "FILE:LINE" or "--set".
void add_settings(Summary& summary, const model::Snapshot& snapshot) {
  std::set<std::string> files;
  for (const auto& [key, setting] : snapshot.table<model::Setting>()) {
    files.insert(setting->origin.substr(0, setting->origin.rfind(':')));
    switch (setting->kind) {
      case model::SettingClass::kImplemented:
        add(summary.settings_in_force, setting->key);
        break;
      case model::SettingClass::kPlanned:
        add(summary.settings_planned, setting->key);
        break;
      case model::SettingClass::kWithoutMeaning:
        add(summary.settings_without_meaning, setting->key);
        break;
    }
  }
  summary.settings_files.assign(files.begin(), files.end());
  finish(summary.settings_in_force);
  finish(summary.settings_planned);
  finish(summary.settings_without_meaning);
}

void add_row(Summary& summary, const ServiceSet& set) {
  if (set.backends.empty()) add(summary.without_endpoints, set.id.text());
}
void add_row(Summary& summary, const Frontend&) { ++summary.frontends; }
void add_row(Summary& summary, const Route& route) {
  const std::string via = " via " + (route.gateway.is_unspecified() ? route.link : base::to_string(route.gateway));
  add(summary.routes, base::to_string(route.destination) + (route.type == model::desired::RouteType::kUnreachable ? " unreachable" : via));
}
void add_row(Summary& summary, const Attachment& attachment) {
  add(summary.hooks, attachment.target + " " + facts_of(attachment.hook).name);
}
void add_row(Summary& summary, const Filter&) { ++summary.filters; }
void add_row(Summary& summary, const Sysctl& sysctl) { add(summary.sysctls, sysctl.key() + "=" + sysctl.value); }
void add_row(Summary& summary, const MapSize& size) { summary.map_sizes.emplace_back(size.map, size.entries); }
template <class Row>
void add_row(Summary&, const Row&) {}

void add_effects(Summary& summary, const model::Published& published, base::BootTime now) {
  published.effects.each([&](std::string_view kind, const std::string&, const model::Effect& effect) {
    const bool done = effect.outcome.state == model::OutcomeState::kDone, wanted = !is_null(effect.desired);
    summary.wanted += wanted;
    summary.kept += done && !wanted;
    summary.done += done && wanted;
    summary.pending += effect.outcome.state == model::OutcomeState::kPending;
    if (effect.outcome.state == model::OutcomeState::kFailed)
      summary.failures.push_back({std::string(kind) + " " + thing_name(effect), effect.outcome.error, retry_text(effect.outcome, now)});
    if (wanted && !is_null(effect.there)) std::visit([&](const auto& row) { add_row(summary, *row); }, effect.there);
  });
  for (Named* named : {&summary.without_endpoints, &summary.routes, &summary.hooks, &summary.sysctls}) finish(*named);
  std::sort(summary.map_sizes.begin(), summary.map_sizes.end());
  std::sort(summary.failures.begin(), summary.failures.end(), [](const Failure& a, const Failure& b) { return a.thing < b.thing; });
}

void add_problems(Summary& summary, const model::Published& published) {
  std::set<model::Problem> problems;
  for (const auto& [key, problem] : published.snapshot.table<model::Problem>()) problems.insert(*problem);
  for (const auto* of_keys : {&published.problems, &published.conflicts})
    for (const auto& [key, of_key] : *of_keys) problems.insert(of_key->problems.begin(), of_key->problems.end());
  summary.problems.assign(problems.begin(), problems.end());
}

void add_problems(Summary& summary, const std::optional<io::kernel::Capabilities>& capabilities) {
  if (!capabilities) return;
  const auto missing = io::kernel::missing_capabilities(*capabilities);
  if (missing.empty()) return;
  summary.problems.push_back({"capabilities", "missing: " + base::join(missing, " ") + ": nothing can be written to the kernel",
                              "run as root; in a container, grant these capabilities"});
}

void add_pressure(Summary& summary, const model::Published& published, const io::kernel::Use* use) {
  if (!use) return;
  summary.pressure = pressure_of(*use, published);
  for (auto& problem : pressure_problems(*summary.pressure)) summary.problems.push_back(std::move(problem));
}

}  // namespace

Summary summarize(const model::Published& published, base::BootTime now, Surroundings surroundings) {
  const model::Snapshot& snapshot = published.snapshot;
  Summary summary;
  summary.version = version();
  summary.node = snapshot.identity.node_name;
  summary.checks = readiness(published);
  summary.ready = ready(summary.checks);
  summary.uptime = now - published.started;
  if (published.first_ready.count()) summary.ready_after = published.first_ready - published.started;
  for (const auto& [key, source] : snapshot.table<model::SourceStatus>())
    summary.sources.emplace_back(model::source_name(source->id), *source);
  std::sort(summary.sources.begin(), summary.sources.end(), [](const auto& a, const auto& b) { return a.second.id < b.second.id; });
  add_settings(summary, snapshot);
  for (const auto& [key, kind] : snapshot.table<model::UnreadKind>())
    add(summary.unread_kinds, kind->kind + " (" + std::to_string(kind->objects) + ")");
  finish(summary.unread_kinds);
  for (const auto& [key, sandbox] : snapshot.table<model::Sandbox>()) summary.sandboxes += !sandbox->transient;
  summary.pods_known = snapshot.table<model::Pod>().size();
  summary.services = snapshot.table<model::Service>().size();
  summary.peers = snapshot.table<model::Node>().size() - (snapshot.own_node() ? 1 : 0);
  add_effects(summary, published, now);
  add_problems(summary, published);
  add_problems(summary, surroundings.capabilities);
  add_pressure(summary, published, surroundings.use.get());
  summary.counters = published.counters;
  summary.surroundings = std::move(surroundings);
  return summary;
}

}  // namespace status
