// The verb settings: a values file for ichor on standard output, and what became of every key on standard error.
#include <cstdio>

#include "engine/options.h"
#include "sources/settings.h"

namespace engine {
namespace {

void list(const char* heading, const std::vector<model::Problem>& problems) {
  if (problems.empty()) return;
  std::fprintf(stderr, "\n%s:\n", heading);
  for (const auto& problem : problems) std::fprintf(stderr, "  %s\n", model::to_string(problem).c_str());
}

}  // namespace

int settings(const std::vector<std::string>& files) {
  auto conversion = sources::convert_settings(files);
  for (const auto& problem : conversion.unreadable) std::fprintf(stderr, "%s\n", model::to_string(problem).c_str());
  std::fwrite(conversion.values.data(), 1, conversion.values.size(), stdout);
  std::fprintf(stderr,
               "%zu keys are kept, of which %zu do nothing yet; %zu are left out that ask for something else, and %zu without effect\n",
               conversion.kept, conversion.not_yet.size(), conversion.not_done.size(), conversion.no_effect.size());
  list("Left out, and it makes a difference", conversion.not_done);
  list("Kept, but not there yet", conversion.not_yet);
  list("Left out, as nothing depends on it", conversion.no_effect);
  return conversion.unreadable.empty() ? 0 : 1;
}

}  // namespace engine
