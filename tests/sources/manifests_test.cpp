// A real directory that is written to while it is watched.
#include "sources/manifests.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

namespace sources {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// All that was told, folded.
struct Rows {
  std::map<std::string, int> ports;  // of Services, the first one
  std::map<std::string, std::string> problems;
  std::map<std::string, uint64_t> unread;
  model::SourceStatus status;
  int facts = 0;

  int port(const std::string& key) const { return ports.contains(key) ? ports.at(key) : 0; }
};

void fold(Rows& rows, const model::Change& change) {
  if (auto* service = std::get_if<model::RowChange<model::Service>>(&change)) {
    if (service->row)
      rows.ports[service->key] = service->row->ports[0].port;
    else
      rows.ports.erase(service->key);
  }
  if (auto* problem = std::get_if<model::RowChange<model::Problem>>(&change)) {
    if (problem->row)
      rows.problems[problem->key] = problem->row->text;
    else
      rows.problems.erase(problem->key);
  }
  if (auto* kind = std::get_if<model::RowChange<model::UnreadKind>>(&change)) rows.unread[kind->key] = kind->row ? kind->row->objects : 0;
  if (auto* source = std::get_if<model::RowChange<model::SourceStatus>>(&change)) rows.status = *source->row;
}

class Told {
 public:
  model::FactSink sink() {
    return [this](model::Fact fact) {
      std::lock_guard lock(mutex_);
      ++rows_.facts;
      for (const auto& change : std::get<model::Changes>(fact)) fold(rows_, change);
      changed_.notify_all();
    };
  }
  // False only when it did not come true for so long that it never will.
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(rows_); });
  }
  Rows rows() {
    std::lock_guard lock(mutex_);
    return rows_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Rows rows_;
};

class SourcesManifests : public testing::Test {
 protected:
  SourcesManifests() {
    std::string pattern = testing::TempDir() + "/manifests-XXXXXX";
    root = ::mkdtemp(pattern.data());
    fs::create_directory(directory());
  }
  ~SourcesManifests() override {
    manifests.reset();
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  fs::path directory() const { return root / "dir"; }
  fs::path state() const { return root / "state"; }
  void write(const std::string& name, const std::string& text) { std::ofstream(directory() / name) << text; }
  void write_by_rename(const std::string& name, const std::string& text) {
    write("." + name + ".new", text);
    fs::rename(directory() / ("." + name + ".new"), directory() / name);
  }
  static std::string a_service(const std::string& name, int port) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {ports: [{port: " + std::to_string(port) + "}]}\n---\n";
  }
  void start() {
    told = std::make_unique<Told>();
    manifests = std::make_unique<Manifests>(directory(), state(), told->sink());
    ASSERT_TRUE(manifests->start().ok());
  }
  void stop() { manifests.reset(); }
  void start_synced() {
    start();
    ASSERT_TRUE(told->wait([](const Rows& t) { return t.status.synced; }));
  }
  bool wait_for_port(const std::string& key, int port) {
    return told->wait([&](const Rows& t) { return t.port(key) == port; });
  }

  fs::path root;
  std::unique_ptr<Told> told;
  std::unique_ptr<Manifests> manifests;
};

TEST_F(SourcesManifests, TheFirstLoadIsOneFactThatEndsWithTheStatus) {
  write("a.yaml", a_service("a", 80));
  write("b.yml", a_service("b", 81) + a_service("c", 82));
  write("d.json", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"d"},"spec":{"ports":[{"port":83}]}})");
  write("other.yaml", "apiVersion: v1\nkind: ConfigMap\n");
  write(".hidden.yaml", a_service("h", 1));
  write("README.md", "no manifest");
  fs::create_directory(directory() / "sub.yaml");
  start_synced();

  EXPECT_EQ(told->rows().facts, 1);
  EXPECT_THAT(told->rows().ports, ElementsAre(Pair("default/a", 80), Pair("default/b", 81), Pair("default/c", 82), Pair("default/d", 83)));
  EXPECT_THAT(told->rows().problems, IsEmpty());
  EXPECT_THAT(told->rows().unread, ElementsAre(Pair("v1 ConfigMap", 1)));
  EXPECT_EQ(told->rows().status.text, "4 files, 4 objects");
}

TEST_F(SourcesManifests, LoadingOnceSaysTheSame) {
  write("a.yaml", a_service("a", 80));
  write("b.yaml", "a: [");

  auto changes = load_manifests(directory());

  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 3u);
  EXPECT_EQ(std::get<model::RowChange<model::SourceStatus>>((*changes)[2]).row->text, "2 files, 1 object");
  EXPECT_FALSE(load_manifests(root / "absent").ok());
}

TEST_F(SourcesManifests, FilesWrittenRenamedAndRemovedAreFollowed) {
  start_synced();
  write("a.yaml", a_service("a", 80));
  EXPECT_TRUE(wait_for_port("default/a", 80));
  write_by_rename("a.yaml", a_service("a", 81));
  EXPECT_TRUE(wait_for_port("default/a", 81));
  fs::rename(directory() / "a.yaml", directory() / "b.yaml");
  EXPECT_TRUE(told->wait([](const Rows& t) { return t.status.text == "1 file, 1 object" && t.port("default/a") == 81; }));
  fs::rename(directory() / "b.yaml", root / "away.yaml");
  EXPECT_TRUE(wait_for_port("default/a", 0));
  fs::create_symlink(root / "away.yaml", directory() / "link.yaml");
  EXPECT_TRUE(wait_for_port("default/a", 81));
  fs::remove(directory() / "link.yaml");
  EXPECT_TRUE(wait_for_port("default/a", 0));
  EXPECT_THAT(told->rows().problems, IsEmpty());
}

TEST_F(SourcesManifests, ABrokenFileIsAProblemUntilItIsMended) {
  write("a.yaml", a_service("a", 80));
  write("b.yaml", a_service("b", 81));
  start_synced();

  write_by_rename("a.yaml", "a: [");
  EXPECT_TRUE(told->wait([](const Rows& t) { return t.problems.contains("objects/a.yaml"); }));
  write_by_rename("b.yaml", a_service("b", 82));
  EXPECT_TRUE(wait_for_port("default/b", 82));
  EXPECT_EQ(told->rows().port("default/a"), 80);
  write_by_rename("a.yaml", a_service("a", 83));
  EXPECT_TRUE(told->wait([](const Rows& t) { return t.problems.empty() && t.port("default/a") == 83; }));
}

TEST_F(SourcesManifests, LastGoodContentOutlivesTheAgent) {
  write("a.yaml", a_service("a", 80) + a_service("b", 81));
  write("c.json", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"c"},"spec":{"ports":[{"port":83}]}})");
  start_synced();
  write_by_rename("a.yaml", a_service("a", 90) + a_service("b", 70000));  // b is broken while the agent looks
  EXPECT_TRUE(wait_for_port("default/a", 90));
  stop();
  write("a.yaml", "a: [");  // and now everything, while it is away
  write("c.json", "{");

  for (int restart = 0; restart < 2; ++restart) {
    start_synced();
    EXPECT_THAT(told->rows().ports, ElementsAre(Pair("default/a", 90), Pair("default/b", 81), Pair("default/c", 83)));
    EXPECT_THAT(told->rows().problems, ElementsAre(Pair("objects/a.yaml", testing::_), Pair("objects/c.json", testing::_)));
    stop();
  }

  fs::remove(directory() / "a.yaml");
  start_synced();
  EXPECT_THAT(told->rows().ports, ElementsAre(Pair("default/c", 83)));
  stop();
  EXPECT_FALSE(fs::exists(state() / "manifests" / "a.yaml"));
}

TEST_F(SourcesManifests, AFileRemovedWhileTheAgentIsAwayIsGone) {
  write("a.yaml", a_service("a", 80));
  start_synced();
  stop();
  EXPECT_TRUE(fs::exists(state() / "manifests" / "a.yaml"));
  fs::remove(directory() / "a.yaml");

  start_synced();

  EXPECT_THAT(told->rows().ports, IsEmpty());
}

TEST_F(SourcesManifests, WithoutTheDirectoryTheLastStateHoldsAndNothingIsSynced) {
  write("a.yaml", a_service("a", 80));
  write("b.yaml", a_service("b", 81));
  start_synced();
  fs::rename(directory(), root / "elsewhere");
  EXPECT_TRUE(told->wait([](const Rows& t) { return !t.status.synced; }));
  EXPECT_EQ(told->rows().port("default/a"), 80);
  EXPECT_THAT(told->rows().status.text, testing::HasSubstr("cannot read " + directory().string()));
  stop();

  start();
  EXPECT_TRUE(wait_for_port("default/a", 80));
  EXPECT_FALSE(told->rows().status.synced);
  fs::create_directory(root / "next");
  std::ofstream(root / "next" / "a.yaml") << a_service("a", 90);
  fs::rename(root / "next", directory());
  EXPECT_TRUE(told->wait([](const Rows& t) { return t.status.synced; }));
  EXPECT_THAT(told->rows().ports, ElementsAre(Pair("default/a", 90)));
}

TEST_F(SourcesManifests, ADirectoryPutInPlaceOfTheWatchedOneIsRead) {
  write("a.yaml", a_service("a", 80));
  start_synced();
  fs::create_directory(root / "next");
  std::ofstream(root / "next" / "b.yaml") << a_service("b", 81);
  fs::rename(directory(), root / "old");
  fs::rename(root / "next", directory());

  EXPECT_TRUE(told->wait([](const Rows& t) { return t.port("default/b") == 81 && t.port("default/a") == 0; }));
  write("c.yaml", a_service("c", 82));
  EXPECT_TRUE(wait_for_port("default/c", 82));
}

TEST_F(SourcesManifests, ALinkThatVolumesHangOnIsFollowed) {
  for (int version : {1, 2}) {
    fs::path data = directory() / ("..v" + std::to_string(version));
    fs::create_directory(data);
    std::ofstream(data / "a.yaml") << a_service("a", 80 + version);
  }
  fs::create_directory_symlink("..v1", directory() / "..data");
  fs::create_symlink("..data/a.yaml", directory() / "a.yaml");
  start_synced();
  EXPECT_EQ(told->rows().port("default/a"), 81);

  fs::create_directory_symlink("..v2", directory() / "..data_next");
  fs::rename(directory() / "..data_next", directory() / "..data");

  EXPECT_TRUE(wait_for_port("default/a", 82));
}

TEST_F(SourcesManifests, WhatIsNoFileOrTooLargeIsAProblem) {
  ASSERT_EQ(::mkfifo((directory() / "fifo.yaml").c_str(), 0600), 0);
  write("large.json", "");
  fs::resize_file(directory() / "large.json", (16 << 20) + 1);
  start_synced();

  EXPECT_THAT(told->rows().problems,
              ElementsAre(Pair("objects/fifo.yaml", "is not a regular file"), Pair("objects/large.json", "is larger than 16 MiB")));
}

TEST_F(SourcesManifests, AStateDirectoryThatCannotBeWrittenIsAProblemAndNoMore) {
  std::ofstream(state()) << "a file";
  write("a.yaml", a_service("a", 80));
  start_synced();

  EXPECT_TRUE(told->wait([](const Rows& t) { return t.problems.contains("state_directory/manifests") && t.port("default/a") == 80; }));
}

}  // namespace
}  // namespace sources
