// Files: what cannot be read, and the last good configuration over a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sources/settings.h"

namespace {

class SettingsKeep : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "settings-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

TEST_F(SettingsKeep, NothingIsThereAtFirst) { EXPECT_FALSE(sources::kept_settings(folder_)); }

TEST_F(SettingsKeep, WhatWasKeptComesBackWithItsOrigins) {
  std::vector<std::string> files = {file("a.yaml", "\nMTU: 1400\n")};
  std::vector<std::string> sets = {"ipv6.enabled=false"};
  auto settings = sources::load_settings(files, sets);
  ASSERT_TRUE(sources::keep_settings(folder_, files, sets).ok());

  std::filesystem::remove(folder_ + "/a.yaml");
  auto kept = sources::kept_settings(folder_);

  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->config, settings.config);
  EXPECT_EQ(kept->settings, settings.settings);
}

TEST_F(SettingsKeep, TheLatestIsKept) {
  ASSERT_TRUE(sources::keep_settings(folder_, {}, {"MTU=1400"}).ok());
  ASSERT_TRUE(sources::keep_settings(folder_, {}, {"MTU=9000"}).ok());

  EXPECT_EQ(sources::kept_settings(folder_)->config.mtu, 9000u);
}

TEST_F(SettingsKeep, WhatIsKeptAlreadyIsNotWrittenAgain) {
  ASSERT_TRUE(sources::keep_settings(folder_, {}, {"MTU=1400"}).ok());
  struct stat before{}, after{};
  ASSERT_EQ(::stat((folder_ + "/settings.json").c_str(), &before), 0);

  ASSERT_TRUE(sources::keep_settings(folder_, {}, {"MTU=1400"}).ok());

  ASSERT_EQ(::stat((folder_ + "/settings.json").c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(SettingsKeep, SettingsWithErrorsAreNotKept) {
  ASSERT_TRUE(sources::keep_settings(folder_, {}, {"MTU=1400"}).ok());

  EXPECT_FALSE(sources::keep_settings(folder_, {}, {"MTU=x"}).ok());
  EXPECT_EQ(sources::kept_settings(folder_)->config.mtu, 1400u);
}

TEST_F(SettingsKeep, ABrokenKeptFileIsAsNone) {
  for (const char* text : {"", "{", "[]", "{\"files\": 1, \"sets\": []}", "{\"files\": [], \"sets\": [\"MTU=x\"]}"}) {
    file("settings.json", text);
    EXPECT_FALSE(sources::kept_settings(folder_)) << text;
  }
}

TEST_F(SettingsKeep, AStateDirectoryThatCannotBeMadeIsAnError) {
  std::string in_the_way = file("file", "");

  EXPECT_FALSE(sources::keep_settings(in_the_way + "/state", {}, {}).ok());
}

TEST_F(SettingsKeep, AFileThatCannotBeReadIsAnErrorThatNamesIt) {
  auto settings = sources::load_settings({folder_ + "/none.yaml", folder_}, {});

  ASSERT_EQ(settings.errors.size(), 2u);
  EXPECT_EQ(settings.errors[0].subject, folder_ + "/none.yaml");
  EXPECT_EQ(settings.errors[0].text, "cannot be read: No such file or directory");
  EXPECT_EQ(settings.errors[1].text, "is not a regular file");
}

}  // namespace
