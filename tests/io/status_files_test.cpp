#include "io/files/status_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/files/files.h"
#include "io/status_patch.h"
#include "model/desired/node_condition.h"
#include "support/temporary_directory.h"

namespace {

using model::desired::StatusPatch;

const StatusPatch kNode{"v1", "Node", "nodes", "", "n1", model::desired::network_available_status()};

TEST(IoStatusFiles, AnObjectLiesThereWithItsStatusAndTheTimeOfWriting) {
  support::TemporaryDirectory directory;
  io::files::StatusFiles store(directory.path() + "/.status");
  EXPECT_FALSE(store.holds(kNode));

  ASSERT_TRUE(store.put(kNode, nullptr));

  auto object = nlohmann::json::parse(*io::files::read_file(directory.path() + "/.status/Node..n1.json"));
  EXPECT_EQ(object["kind"], "Node");
  EXPECT_EQ(object["metadata"]["name"], "n1");
  const auto& condition = object["status"]["conditions"][0];
  EXPECT_EQ(condition["type"], "NetworkUnavailable");
  EXPECT_EQ(condition["status"], "False");
  EXPECT_EQ(condition["lastTransitionTime"].get<std::string>().size(), 20u);
  EXPECT_TRUE(store.holds(kNode));
  StatusPatch other = kNode;
  other.status = R"({"conditions":[]})";
  EXPECT_FALSE(store.holds(other));
}

TEST(IoStatusFiles, WhatWasWrittenStays) {
  support::TemporaryDirectory directory;
  io::files::StatusFiles store(directory.path());
  ASSERT_TRUE(store.put(kNode, nullptr));
  ASSERT_TRUE(store.remove(kNode));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/Node..n1.json"));
}

TEST(IoStatusFiles, AStatusThatIsNoJsonIsAnErrorThatNamesTheObject) {
  support::TemporaryDirectory directory;
  StatusPatch broken = kNode;
  broken.status = "{";
  auto put = io::files::StatusFiles(directory.path()).put(broken, nullptr);
  ASSERT_FALSE(put);
  EXPECT_NE(put.error().text.find("status of Node n1"), std::string::npos);
}

TEST(IoStatusPatch, TextsAreEqualButForTheirTimesOnlyIfAllElseIs) {
  const std::string text = std::string("a") + model::desired::kTimeOfWrite + "b" + model::desired::kTimeOfWrite;
  EXPECT_TRUE(io::equal_but_for_time(io::with_time(text, io::utc_now()), text));
  EXPECT_FALSE(io::equal_but_for_time(io::with_time(text, io::utc_now()) + "c", text));
  EXPECT_FALSE(io::equal_but_for_time("a", text));
}

}  // namespace
