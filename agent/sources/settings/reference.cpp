// The table of keys as people read it: machineconfig/SETTINGS.md and --help.
#include <sstream>

#include "sources/settings.h"
#include "sources/settings/keys.h"

namespace sources {
namespace {

using settings::Key;
using settings::KeyClass;

std::string values_of(const Key& key) {
  if (key.kind != KeyClass::kRefused) return settings::allowed(key.shape);
  return key.shape.choices.empty() ? "none" : std::string(key.shape.choices);
}

// A | in a table's cell would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

void table(std::ostringstream& page, KeyClass kind, const char* heading, const char* opening, const char* columns) {
  page << "\n## " << heading << "\n\n" << opening << "\n\n" << columns << "\n";
  for (const Key* key : settings::all_keys())
    if (key->kind == kind) page << "| `" << key->pattern << "` | " << cell(values_of(*key)) << " | " << cell(key->note) << " |\n";
}

}  // namespace

std::string settings_reference() {
  std::ostringstream page;
  page
      << "# Settings\n\n"
         "ichor reads values files with the keys of Cilium's Helm chart (1.18 to 1.20): `--config FILE`, again and again, later files "
         "over\n"
         "earlier ones, and `--set key=value` over all of them. On Talos the file is `/usr/local/etc/ichor/values.yaml`.\n\n"
         "A key that is absent, null or empty has ichor's default, which is not the chart's, unless its row says what empty means. "
         "Numbers\n"
         "and truth values may be quoted. A key that no table below knows is an error, and so is a value that its row does not allow; the\n"
         "last good configuration then stays in force. `x.*` stands for all keys below `x` that have no row of their own.\n\n"
         "`ichor-agent settings FILE...` prints what of a chart's values ichor takes, as a values file, and lists on standard error what "
         "it\n"
         "leaves out and why. FILE may also be a HelmRelease, an Application, a HelmChart or another object with such values in it.\n";
  const char* columns = "| key | values | what it does |\n|---|---|---|";
  table(page, KeyClass::kImplemented, "Implemented", "These do what they say.", columns);
  table(page, KeyClass::kPlanned, "Not there yet", "Accepted and listed in the status; they do nothing yet.", columns);
  table(page, KeyClass::kRefused, "Refused", "Accepted only with a value that turns it off.",
        "| key | accepted | what to do instead |\n|---|---|---|");
  table(page, KeyClass::kWithoutMeaning, "Without meaning here", "Accepted, listed in the status, and without effect.",
        "| key | values | why |\n|---|---|---|");
  return page.str();
}

std::string settings_help() {
  std::ostringstream lines;
  for (const Key* key : settings::all_keys()) {
    if (key->kind != KeyClass::kImplemented) continue;
    std::string name(key->pattern);
    name.resize(std::max<size_t>(name.size(), 29), ' ');
    lines << "  " << name << " " << key->note << " (" << settings::allowed(key->shape) << ")\n";
  }
  return lines.str();
}

}  // namespace sources
