// The verb plan: the agent's own reading and thinking, once, with nothing written anywhere.
#include <cstdio>

#include "engine/options.h"
#include "engine/own_name.h"
#include "engine/plan_report.h"
#include "engine/startup.h"
#include "sources/host.h"
#include "sources/manifests.h"
#include "sources/settings.h"

namespace engine {
namespace {

model::Fact synced(model::SourceId id) {
  model::Fact fact;
  fact.changes.push_back(model::put(model::SourceStatus{id, true, ""}));
  return fact;
}

}  // namespace

int plan(const Options& options, bool json) {
  if (options.manifests.empty()) {
    std::fputs("ichor-agent: plan needs --manifests DIR: it reads objects from a directory, not from an API server\n", stderr);
    return kUsageError;
  }
  auto reading = read_settings(options);
  for (const auto& error : reading.errors) std::fprintf(stderr, "%s\n", model::to_string(error).c_str());
  if (!reading.errors.empty()) return 1;

  auto objects = sources::load_manifests(options.manifests);
  auto host = sources::read_host_once();
  for (const auto* source : {&objects, &host}) {
    if (source->ok()) continue;
    std::fprintf(stderr, "%s\n", source->error().text.c_str());
    return 1;
  }
  auto node_name = own_name(options);
  if (!node_name.ok()) {
    std::fprintf(stderr, "%s\n", node_name.error().text.c_str());
    return 1;
  }
  std::vector<model::Fact> facts;
  facts.push_back(synced(model::SourceId::kSettings));
  facts.back().changes.push_back(model::put(reading.config));
  facts.push_back(std::move(*host));
  facts.push_back(synced(model::SourceId::kHost));
  facts.push_back(std::move(*objects));
  facts.push_back(synced(model::SourceId::kObjects));
  auto report = plan_report(identity_of(options, *node_name, reading.config), facts);
  std::string text = json ? render_json(report) : render_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace engine
