// The table of keys as a whole: nothing of the chart is missing, the pages made of it are up to date.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "sources/settings.h"
#include "sources/settings/keys.h"

namespace {

using namespace sources::settings;

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SettingsKeys, EveryKeyOfTheChartsHasAClass) {
  std::ifstream keys(ICHOR_SOURCE_DIR "/tests/sources/chart_keys.txt");
  std::string key;
  int count = 0;
  for (; std::getline(keys, key); ++count) EXPECT_TRUE(find_key(key) || has_keys_below(key)) << key;
  EXPECT_GT(count, 1200);
}

TEST(SettingsKeys, EveryRowStandsOnce) {
  std::set<std::string_view> patterns;
  for (const Key* key : all_keys()) EXPECT_TRUE(patterns.insert(key->pattern).second) << key->pattern;
}

TEST(SettingsKeys, NoKeyIsAMapOfOtherKeysToo) {
  for (const Key* key : all_keys()) EXPECT_FALSE(has_keys_below(key->pattern)) << key->pattern;
}

TEST(SettingsKeys, EveryRowSaysWhatIchorMakesOfIt) {
  for (const Key* key : all_keys()) EXPECT_FALSE(key->note.empty()) << key->pattern;
}

TEST(SettingsKeys, ARefusedKeyAcceptsItsOffValue) {
  for (const Key* key : all_keys()) {
    if (key->kind != KeyClass::kRefused || key->shape.choices.empty() || key->pattern.ends_with('*')) continue;
    auto settings = sources::parse_settings({}, {std::string(key->pattern) + "=" + std::string(key->shape.choices)});
    EXPECT_TRUE(settings.errors.empty()) << key->pattern;
  }
}

// ICHOR_WRITE_REFERENCE=1 writes the page anew.
TEST(SettingsKeys, TheReferencePageIsUpToDate) {
  const char* page = ICHOR_SOURCE_DIR "/machineconfig/SETTINGS.md";
  if (std::getenv("ICHOR_WRITE_REFERENCE")) std::ofstream(page) << sources::settings_reference();
  EXPECT_EQ(read(page), sources::settings_reference());
}

TEST(SettingsKeys, HelpNamesEveryImplementedKey) {
  auto help = sources::settings_help();
  for (const Key* key : all_keys()) {
    if (key->kind != KeyClass::kImplemented) continue;
    EXPECT_THAT(help, testing::HasSubstr(std::string(key->pattern)));
  }
}

}  // namespace
