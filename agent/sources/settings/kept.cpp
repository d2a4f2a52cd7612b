// The last good configuration, as the texts it was made of: what is read back is judged anew, by the same code.
#include <nlohmann/json.hpp>

#include "sources/settings.h"
#include "sources/settings/files.h"

namespace sources {
namespace {

constexpr size_t kMaxKeptBytes = 64 << 20;

std::string kept_path(const std::string& state_dir) { return state_dir + "/settings.json"; }

}  // namespace

base::Result<void> keep_settings(const std::string& state_dir, const Settings& settings) {
  if (!settings.errors.empty()) return base::Error{EINVAL, "settings with errors are not kept"};
  nlohmann::json kept = {{"files", nlohmann::json::array()}, {"sets", settings.sets}};
  for (const auto& file : settings.texts) kept["files"].push_back({{"name", file.name}, {"text", file.text}});
  return settings::replace_file(kept_path(state_dir), kept.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::optional<Settings> kept_settings(const std::string& state_dir) {
  auto text = settings::read_file(kept_path(state_dir), kMaxKeptBytes);
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
