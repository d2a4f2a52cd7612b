// A story is a folder: values.yaml, host.txt ("link NAME MTU", "address LINK CIDR", "route CIDR GATEWAY LINK", "node NAME"), manifests/,
// and in expected.txt what `ichor-agent plan` says of it. With ICHOR_WRITE_STORIES=1 in the environment expected.txt is written anew; look
// at the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/plan_report.h"
#include "sources/manifests.h"
#include "sources/settings.h"
#include "support/builders.h"

namespace {

namespace fs = std::filesystem;
const fs::path kStories = fs::path(ICHOR_SOURCE_DIR) / "tests/stories";

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

model::Changes host_of(const fs::path& story, model::Identity& identity) {
  model::Changes changes;
  std::ifstream lines(story / "host.txt");
  for (std::string word, name, value; lines >> word >> name;) {
    if (word == "node") {
      identity.node_name = name;
      continue;
    }
    lines >> value;
    if (word == "route") {
      std::string link;
      lines >> link;
      changes.push_back(support::a_route(name, value, link));
      continue;
    }
    changes.push_back(word == "link" ? support::a_link(name, static_cast<uint32_t>(std::stoul(value))) : support::an_address(name, value));
  }
  return changes;
}

std::string told(const fs::path& story) {
  auto settings = sources::load_settings({(story / "values.yaml").string()}, {});
  std::string text;
  for (auto& error : settings.errors) {
    error.subject = fs::path(error.subject).filename().string();
    text += model::to_string(error) + "\n";
  }
  if (!text.empty()) return text;

  model::Identity identity;
  identity.program_generation = "generation";
  identity.memory_bytes = uint64_t{8} << 30;
  model::Changes changes = host_of(story, identity);
  changes.push_back(model::put("config", settings.config));
  for (const auto& change : support::all_synced())
    if (std::holds_alternative<model::RowChange<model::SourceStatus>>(change)) changes.push_back(change);
  auto objects = sources::load_manifests((story / "manifests").string());
  if (!objects.ok()) return objects.error().text;
  std::move(objects->begin(), objects->end(), std::back_inserter(changes));
  return engine::render_text(engine::plan_report(identity, changes));
}

std::vector<std::string> stories() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kStories))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class Story : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Stories, Story, testing::ValuesIn(stories()), [](const auto& story) { return story.param; });

TEST_P(Story, PlansWhatItExpects) {
  fs::path story = kStories / GetParam();
  std::string text = told(story);
  if (std::getenv("ICHOR_WRITE_STORIES")) std::ofstream(story / "expected.txt") << text;
  EXPECT_EQ(text, read(story / "expected.txt"));
}

}  // namespace
