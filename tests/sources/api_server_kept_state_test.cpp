// What the API server said last, on disk: every field comes back, only what changed is written, and whatever happens to the file, what is
// read is a state that was.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <map>
#include <random>

#include "io/files/files.h"
#include "sources/api_server/kept_state.h"
#include "sources/api_server/object_log.h"
#include "sources/decode/row_change.h"
#include "support/temporary_directory.h"

namespace sources::api_server {
namespace {

using nlohmann::json;

// One of everything that a row can hold.
const std::pair<size_t, const char*> kObjects[] = {
    {0,
     R"({"metadata":{"name":"all","namespace":"a","uid":"u","creationTimestamp":"2026-11-28T18:00:01Z","resourceVersion":"7","labels":{"x":"y"},"annotations":{"n":"m"}},
        "spec":{"type":"LoadBalancer","clusterIPs":["10.96.0.1","fd00::1"],"ipFamilies":["IPv4","IPv6"],"selector":{"app":"web"},
        "ports":[{"name":"http","port":80,"nodePort":30080,"targetPort":"web","protocol":"TCP"},{"name":"dns","port":53,"protocol":"UDP",
        "targetPort":5353}],"externalTrafficPolicy":"Local","internalTrafficPolicy":"Local","externalIPs":["203.0.113.1"],
        "publishNotReadyAddresses":true,"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":120}}},
        "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"},{"ip":"2001:db8::9"}]}}})"},
    {0, R"({"metadata":{"name":"headless"},"spec":{"clusterIP":"None","ipFamilies":["IPv6"],"ports":[{"port":1,"protocol":"SCTP"}]}})"},
    {0, R"({"metadata":{"name":"one"},"spec":{"clusterIP":"10.96.0.2","ports":[{"port":1}]}})"},
    {0, R"({"metadata":{"name":"named"},"spec":{"type":"ExternalName","externalName":"example.com"}})"},
    {1, R"({"metadata":{"name":"s","namespace":"a","labels":{"kubernetes.io/service-name":"all"}},"addressType":"IPv6",
        "ports":[{"name":"http","port":8080},{"port":53,"protocol":"UDP"}],"endpoints":[{"addresses":["fd00::7"],"nodeName":"n1","zone":"z",
        "conditions":{"ready":false,"serving":true,"terminating":true},"targetRef":{"kind":"Pod","namespace":"b","name":"p"},
        "hints":{"forZones":[{"name":"z1"},{"name":"z2"}],"forNodes":[{"name":"n1"}]}},{"addresses":["fd00::8"]}]})"},
    {2, R"({"metadata":{"name":"n1","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"podCIDRs":["10.1.0.0/24","fd00:1::/64"],
        "taints":[{"key":"k"}]},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"ExternalIP",
        "address":"203.0.113.3"},{"type":"InternalIP","address":"2001:db8::1"},{"type":"Hostname","address":"n1"}],
        "conditions":[{"type":"Ready","status":"True"}]}})"},
    {3, R"({"metadata":{"name":"p","namespace":"b"},"spec":{"nodeName":"n1","hostNetwork":true},"status":{"phase":"Running",
        "podIPs":[{"ip":"10.1.0.7"},{"ip":"fd00:1::7"}]}})"},
    {4, R"({"metadata":{"name":"b","labels":{"kubernetes.io/metadata.name":"b"}}})"},
};

decode::ObjectRow row_of(size_t kind, const json& object) {
  auto decoded = decode::decode_object(kind, decode::to_tree(object)->root(), "");
  EXPECT_TRUE(decoded.ok() && decoded->row) << (decoded.ok() ? "no row" : decoded.error().text);
  return *decoded->row;
}

void put(Rows& rows, size_t kind, const json& object) {
  auto row = row_of(kind, object);
  rows[kind] = rows[kind].set(decode::meta_of(row).key(), row);
}

Rows all_rows() {
  Rows rows;
  for (const auto& [kind, text] : kObjects) put(rows, kind, json::parse(text));
  return rows;
}

json a_node(const std::string& name, int version, const std::string& cidr = "10.1.0.0/24") {
  return {{"metadata", {{"name", name}, {"resourceVersion", std::to_string(version)}}}, {"spec", {{"podCIDRs", {cidr}}}}};
}

json a_service(const std::string& name, int port) {
  return {{"metadata", {{"name", name}, {"namespace", "default"}}}, {"spec", {{"clusterIP", "10.96.0.9"}, {"ports", {{{"port", port}}}}}}};
}

constexpr size_t kServices = 0, kNodes = 2;
const Kinds kAll = 0b11111, kKept = 0b00111;

class ApiServerKeptState : public testing::Test {
 protected:
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> contents;
    auto state = load_kept_state(path_);
    EXPECT_TRUE(state.ok()) << (state.ok() ? "" : state.error().text);
    if (state.ok()) collect(state->rows, contents);
    return contents;
  }
  static std::map<std::string, std::string> contents(const Rows& rows) {
    std::map<std::string, std::string> contents;
    collect(rows, contents);
    return contents;
  }
  uint64_t size() const { return std::filesystem::file_size(path_); }

  support::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/deeper/objects";

 private:
  static void collect(const Rows& rows, std::map<std::string, std::string>& contents) {
    for (size_t kind = 0; kind < decode::kKindCount; ++kind)
      for (const auto& [key, row] : rows[kind])
        if (kKept.test(kind)) contents[std::string(decode::kind_name(kind)) + " " + key] = kept_content(row);
  }
};

TEST_F(ApiServerKeptState, EveryFieldOfEveryPlannedRowComesBackButItsVersion) {
  Rows rows = all_rows();
  ASSERT_TRUE(ObjectLog(path_, "n1").keep(rows, kAll).ok());

  auto back = load_kept_state(path_);

  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(back->node_name, "n1");
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    ASSERT_EQ(back->rows[kind].size(), kKept.test(kind) ? rows[kind].size() : 0) << decode::kind_name(kind);
    for (const auto& [key, row] : back->rows[kind]) {
      json whole = json::parse(std::find_if(std::begin(kObjects), std::end(kObjects), [&](const auto& object) {
                                 return object.first == kind && decode::meta_of(row_of(kind, json::parse(object.second))).key() == key;
                               })->second);
      whole["metadata"].erase("resourceVersion");
      EXPECT_TRUE(decode::same(row, row_of(kind, whole))) << kept_content(row);
    }
  }
}

TEST_F(ApiServerKeptState, AHeartbeatWritesNothing) {
  Rows rows = all_rows();
  put(rows, kNodes, a_node("n9", 1));
  ObjectLog log(path_, "n1");
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  uint64_t written = log.written_bytes();

  for (int version = 2; version < 50; ++version) {
    put(rows, kNodes, a_node("n9", version));
    ASSERT_TRUE(log.keep(rows, kAll).ok());
  }

  EXPECT_EQ(log.written_bytes(), written);
}

TEST_F(ApiServerKeptState, WhatIsWrittenFollowsWhatChangedNotWhatIsThere) {
  Rows rows;
  for (int i = 0; i < 2000; ++i) put(rows, kServices, a_service("s" + std::to_string(i), 80));
  ObjectLog log(path_, "n1");
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  uint64_t whole = log.written_bytes();

  put(rows, kServices, a_service("s7", 81));
  rows[kServices] = rows[kServices].erase("default/s8");
  ASSERT_TRUE(log.keep(rows, kAll).ok());

  EXPECT_LT(log.written_bytes() - whole, whole / 500);
  EXPECT_EQ(contents(), contents(rows));
  EXPECT_EQ(log.rewrites(), 1U);
}

TEST_F(ApiServerKeptState, ARestartWritesWhatIsDifferentAndNothingElse) {
  Rows rows = all_rows();
  for (int i = 0; i < 100; ++i) put(rows, kServices, a_service("s" + std::to_string(i), 80));
  ASSERT_TRUE(ObjectLog(path_, "n1").keep(rows, kAll).ok());
  uint64_t before = size();

  ObjectLog same(path_, "n1");
  ASSERT_TRUE(same.keep(rows, kAll).ok());
  EXPECT_EQ(same.written_bytes(), 0U);

  put(rows, kServices, a_service("s1", 81));
  rows[kServices] = rows[kServices].erase("default/s2");
  ObjectLog other(path_, "n1");
  ASSERT_TRUE(other.keep(rows, kAll).ok());
  EXPECT_EQ(other.rewrites(), 0U);
  EXPECT_LT(size() - before, 400U);
  EXPECT_EQ(contents(), contents(rows));
}

// Random changes, restarts and cuts: the file always says a state that was kept, and in the end the last one.
TEST_F(ApiServerKeptState, SaysAStateThatWasWhereverItIsCut) {
  std::mt19937_64 random(1);
  auto any = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  Rows rows;
  put(rows, kNodes, a_node("n1", 1));
  ObjectLog log(path_, "n1");
  std::map<uint64_t, std::map<std::string, std::string>> states;  // by the file's size
  for (int step = 0; step < 15; ++step) {
    for (int changes = any(3); changes >= 0; --changes) {
      std::string name = "s" + std::to_string(any(6));
      if (any(3))
        put(rows, kServices, a_service(name, 1 + any(60000)));
      else
        rows[kServices] = rows[kServices].erase("default/" + name);
    }
    if (any(5) == 0) log = ObjectLog(path_, "n1");
    ASSERT_TRUE(log.keep(rows, kAll).ok());
    states[size()] = contents(rows);
    ASSERT_EQ(contents(), contents(rows));
  }
  const std::string whole = io::files::read_file(path_).value();
  const uint64_t first = states.begin()->first;
  for (uint64_t length = 0; length <= whole.size(); ++length) {
    ASSERT_TRUE(io::files::write_file(path_, whole.substr(0, length)).ok());
    auto index = read_kept_index(path_);
    if (length < first && !index.ok()) continue;
    ASSERT_TRUE(index.ok());
    if (auto state = states.find(length); state != states.end()) {
      ASSERT_EQ(contents(), state->second) << length;
    }
    if (length % 37) continue;
    ObjectLog again(path_, "n1");
    ASSERT_TRUE(again.keep(rows, kAll).ok());
    ASSERT_EQ(contents(), contents(rows)) << length;
  }
}

TEST_F(ApiServerKeptState, IsWrittenAnewOnlyWhenMoreThanHalfIsOvertaken) {
  Rows rows;
  for (int i = 0; i < 300; ++i) put(rows, kServices, a_service("s" + std::to_string(i), 80));
  ObjectLog log(path_, "n1");
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  const uint64_t live = size();

  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 50; ++i) put(rows, kServices, a_service("s" + std::to_string(i), 1000 + round));
    ASSERT_TRUE(log.keep(rows, kAll).ok());
    ASSERT_LE(size(), 2 * live + (1 << 20) + live);
  }

  EXPECT_GE(log.rewrites(), 2U);
  EXPECT_LE(log.rewrites(), 1 + log.written_bytes() / (1 << 20));
  EXPECT_EQ(contents(), contents(rows));
}

TEST_F(ApiServerKeptState, AKindThatHasNotComeKeepsWhatTheFileSaysOfIt) {
  Rows rows = all_rows();
  ASSERT_TRUE(ObjectLog(path_, "n1").keep(rows, kAll).ok());
  auto expected = contents(rows);
  Rows fresh;
  put(fresh, kServices, a_service("new", 80));
  std::erase_if(expected, [](const auto& entry) { return entry.first.starts_with("Service "); });
  expected["Service default/new"] = kept_content(*fresh[kServices].find("default/new"));

  ObjectLog log(path_, "n1");
  ASSERT_TRUE(log.keep(fresh, 0b00001).ok());
  EXPECT_EQ(contents(), expected);

  for (int round = 0; log.rewrites() == 0; ++round) {  // the same when the file is written anew meanwhile
    for (int i = 0; i < 300; ++i) put(fresh, kServices, a_service("s" + std::to_string(i), 1 + round));
    ASSERT_TRUE(log.keep(fresh, 0b00001).ok());
  }
  for (const auto& [key, row] : fresh[kServices]) expected["Service " + key] = kept_content(row);
  EXPECT_EQ(contents(), expected);

  ASSERT_TRUE(log.keep(rows, kAll).ok());
  EXPECT_EQ(contents(), contents(rows));
}

TEST_F(ApiServerKeptState, ANewFileWaitsForAllKinds) {
  ObjectLog log(path_, "n1");
  auto waits = log.keep(all_rows(), 0b00011);

  ASSERT_TRUE(waits.ok());
  EXPECT_FALSE(*waits);
  EXPECT_EQ(load_kept_state(path_).error().code, ENOENT);
  ASSERT_TRUE(log.keep(all_rows(), kKept).ok());
  EXPECT_EQ(contents(), contents(all_rows()));
}

TEST_F(ApiServerKeptState, WhatIsNotOursIsNamedAndWrittenAnew) {
  io::files::LogEnd end;
  const std::pair<std::string, std::string> cases[] = {
      {"", "is damaged: its beginning is missing"},
      {"{\"format\":\"ichor objects\",\"node\":\"n1\",\"version\":1,\"written\":7}\n{\"rows\":0}\n",
       "is damaged: its beginning is missing"},
      {io::files::log_line(end, R"({"format":"ichor objects","node":"n1","version":3})"), "has version 3, and this agent reads version 2"},
      {io::files::log_line(end = {}, "rubbish"), "is damaged: it does not begin as such a file does"},
      {std::string(100'000, '\0'), "is damaged: its beginning is missing"}};
  for (const auto& [text, error] : cases) {
    ASSERT_TRUE(io::files::write_file(path_, text).ok());
    auto state = load_kept_state(path_);
    ASSERT_FALSE(state.ok()) << error;
    EXPECT_EQ(state.error().text, error);
    ASSERT_TRUE(ObjectLog(path_, "n1").keep(all_rows(), kAll).ok());
    EXPECT_EQ(contents(), contents(all_rows())) << error;
  }
  ASSERT_TRUE(ObjectLog(path_, "other").keep(all_rows(), kAll).ok());
  EXPECT_EQ(load_kept_state(path_)->node_name, "other");
}

TEST_F(ApiServerKeptState, AFileThatIsLostOrCannotBeWrittenIsWrittenOnceItCan) {
  ObjectLog log(path_, "n1");
  Rows rows = all_rows();
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  std::filesystem::remove_all(directory_.path() + "/deeper");
  put(rows, kServices, a_service("late", 80));
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  EXPECT_EQ(contents(), contents(rows));

  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  put(rows, kServices, a_service("later", 80));
  EXPECT_FALSE(log.keep(rows, kAll).ok());
  std::filesystem::remove(path_);
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  EXPECT_EQ(contents(), contents(rows));
}

TEST_F(ApiServerKeptState, AFullDiskIsAnErrorAndTheFileStaysAState) {
  const std::string mounted = directory_.path() + "/small";
  std::filesystem::create_directory(mounted);
  if (::mount("ichor", mounted.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "needs the right to mount";
  path_ = mounted + "/objects";
  Rows rows;
  put(rows, kNodes, a_node("n1", 1));
  ObjectLog log(path_, "n1");
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  auto last = contents(rows);
  bool failed = false;
  for (int i = 0; i < 4000 && !failed; ++i) {
    put(rows, kServices, a_service("s" + std::to_string(i % 100), 1 + i));
    failed = !log.keep(rows, kAll).ok();
    if (!failed) last = contents(rows);
    if (failed) {
      ASSERT_EQ(contents(), last) << i;
    }
  }
  EXPECT_TRUE(failed);
  ::mount("ichor", mounted.c_str(), "tmpfs", MS_REMOUNT, "size=8m");
  ASSERT_TRUE(log.keep(rows, kAll).ok());
  EXPECT_EQ(contents(), contents(rows));
  ::umount2(mounted.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace sources::api_server
