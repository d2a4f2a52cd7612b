// Values files and --set arguments, as in Cilium's Helm chart, to the configuration in force. Whatever is read here is checked against
// the one table of keys in settings/: a key is implemented, planned, without meaning or refused, and never silently ignored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/problem.h"

namespace sources {

struct NamedText {
  std::string name;  // the file's path as given
  std::string text;
};

struct Settings {
  model::Config config;                  // all defaults where there are errors
  std::vector<model::Setting> settings;  // what the inputs say, in the order of the merged map
  std::vector<model::Problem> errors;    // subject "FILE:LINE", or "--set"; the text names the key
  std::vector<NamedText> texts;          // the inputs
  std::vector<std::string> sets;
};

// Later files win over earlier ones, sets ("a.b=value", as Helm's --set) over files: maps are merged, lists and scalars replaced, a null
// gives the key ichor's default back. A file that cannot be read is an error in the result.
Settings load_settings(const std::vector<std::string>& files, const std::vector<std::string>& sets);
Settings parse_settings(std::vector<NamedText> files, std::vector<std::string> sets);

// What ichor can take over from values files of Cilium's chart, or from objects that carry such values (Flux' HelmRelease, Argo CD's
// Application, k3s' HelmChart): a values file of keys that are supported, and all the rest with its reason.
struct Conversion {
  std::string values;                      // YAML; load_settings() takes it without an error
  size_t kept = 0;                         // keys in it
  std::vector<model::Problem> not_yet;     // keys in it that do nothing yet
  std::vector<model::Problem> not_done;    // left out: they ask for what ichor does not do, or are none of the chart's
  std::vector<model::Problem> no_effect;   // left out: nothing depends on them here
  std::vector<model::Problem> unreadable;  // files and documents of which nothing was taken
};
Conversion convert_settings(const std::vector<std::string>& files);  // later ones win; "-": standard input
Conversion convert_settings(const std::vector<NamedText>& files);

// The last good configuration outlives a restart in STATE-DIR/settings.json. The files are read again, so that what is kept is good even
// if they changed meanwhile; with errors nothing is kept: EINVAL.
base::Result<void> keep_settings(const std::string& state_dir, const std::vector<std::string>& files, const std::vector<std::string>& sets);
std::optional<Settings> kept_settings(const std::string& state_dir);  // nullopt: none there, or none that this version accepts

std::string settings_reference();  // machineconfig/SETTINGS.md
std::string settings_help();       // the implemented keys, a line each

}  // namespace sources
