// The verb plan: the agent's own reading and thinking, once, with nothing written anywhere.
#include <algorithm>
#include <cstdio>
#include <iterator>

#include "engine/options.h"
#include "engine/own_name.h"
#include "engine/plan_report.h"
#include "engine/startup.h"
#include "sources/host.h"
#include "sources/manifests.h"
#include "sources/settings.h"

namespace engine {
namespace {

model::Change synced(model::SourceId id) { return model::put(model::SourceStatus{id, true, ""}); }

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
  model::Changes changes = {synced(model::SourceId::kSettings), model::put(reading.config), synced(model::SourceId::kHost),
                            synced(model::SourceId::kObjects)};
  for (auto* source : {&*host, &*objects}) std::move(source->begin(), source->end(), std::back_inserter(changes));
  auto report = plan_report(identity_of(options, *node_name, reading.config), changes);
  std::string text = json ? render_json(report) : render_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace engine
