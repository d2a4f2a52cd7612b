// How an agent comes by its configuration: the files it was given, or the last good ones kept in the state directory.
#include "sources/settings.h"

#include <cstdio>

#include "engine/options.h"
#include "engine/startup.h"

namespace engine {

bool one_origin(const Options& options) {
  if (options.manifests.empty() || options.kubeconfig.empty()) return true;
  std::fputs("ichor-agent: --manifests and --kubeconfig are both given: objects are read from one of them\n", stderr);
  return false;
}

std::string settings_help() { return sources::settings_help(); }

SettingsReading read_settings(const Options& options) {
  auto settings = sources::load_settings(options.config_files, options.sets);
  return {settings.config, settings.errors};
}

StartSettings start_settings(const Options& options) {
  auto settings = sources::load_settings(options.config_files, options.sets);
  model::Changes changes;
  std::string text = std::to_string(settings.settings.size()) + " keys";
  for (const auto& error : settings.errors)
    changes.push_back(model::put_problem(model::Origin::kSettings, std::to_string(changes.size()), error));
  const bool fresh = settings.errors.empty();
  bool good = fresh;
  if (!good) {
    text = std::to_string(settings.errors.size()) + " errors";
    if (auto kept = sources::kept_settings(options.state_dir); kept && kept->errors.empty()) {
      settings = std::move(*kept);
      good = true;
      text += "; the last good configuration is in force";
    }
  }
  if (good) {
    changes.push_back(model::put(settings.config));
    for (const auto& setting : settings.settings) changes.push_back(model::put(setting.key, setting));
  }
  changes.push_back(model::put(model::SourceStatus{model::SourceId::kSettings, good, text}));
  return {std::move(changes), settings.config, fresh};
}

}  // namespace engine
