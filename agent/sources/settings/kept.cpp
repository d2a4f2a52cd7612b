// The last good configuration, as the texts it was made of: what is read back is judged anew, by the same code.
#include <nlohmann/json.hpp>

#include "io/files/files.h"
#include "sources/settings.h"

namespace sources {
namespace {

std::string kept_path(const std::string& state_dir) { return state_dir + "/settings.json"; }

}  // namespace

base::Result<void> keep_settings(const std::string& state_dir, const std::vector<std::string>& files,
                                 const std::vector<std::string>& sets) {
  auto settings = load_settings(files, sets);
  if (!settings.errors.empty()) return base::Error{EINVAL, "settings with errors are not kept: " + settings.errors.front().subject};
  nlohmann::json kept = {{"files", nlohmann::json::array()}, {"sets", settings.sets}};
  for (const auto& file : settings.texts) kept["files"].push_back({{"name", file.name}, {"text", file.text}});
  std::string text = kept.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto there = io::files::read_file(kept_path(state_dir));
  if (there.ok() && *there == text) return {};  // a start that changes nothing risks nothing in a power cut
  return io::files::write_file(kept_path(state_dir), text);
}

std::optional<Settings> kept_settings(const std::string& state_dir) {
  auto text = io::files::read_file(kept_path(state_dir));
  if (!text.ok()) return std::nullopt;
  try {
    auto kept = nlohmann::json::parse(*text);
    std::vector<NamedText> files;
    for (const auto& file : kept.at("files")) files.push_back({file.at("name").get<std::string>(), file.at("text").get<std::string>()});
    auto settings = parse_settings(std::move(files), kept.at("sets").get<std::vector<std::string>>());
    if (settings.errors.empty()) return settings;
  } catch (const nlohmann::json::exception&) {
  }
  return std::nullopt;
}

}  // namespace sources
