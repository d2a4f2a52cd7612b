// Many files, one set of objects: order of files does not matter, what is broken keeps what it was.
#include <gmock/gmock.h>

#include <algorithm>

#include "sources/manifests/collection.h"
#include "sources/manifests/kept_copies.h"

namespace sources::manifests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string a_service(const std::string& name, int port) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {ports: [{port: " + std::to_string(port) + "}]}\n---\n";
}
std::string a_broken_service(const std::string& name) { return a_service(name, 70000); }

// The changes as text: "+Service default/a:80", "-Service default/a", "!objects/KEY: SUBJECT" and "-!objects/KEY" for problems.
std::vector<std::string> told(Collection& collection) {
  std::vector<std::string> lines;
  for (const auto& change : collection.changes()) {
    if (auto* service = std::get_if<model::RowChange<model::Service>>(&change))
      lines.push_back(service->row ? "+" + service->key + ":" + std::to_string(service->row->ports[0].port) : "-" + service->key);
    else if (auto* problem = std::get_if<model::RowChange<model::Problem>>(&change))
      lines.push_back(problem->row ? "!" + problem->key + ": " + problem->row->subject : "-!" + problem->key);
    else if (auto* unread = std::get_if<model::RowChange<model::UnreadKind>>(&change))
      lines.push_back(unread->key + "=" + std::to_string(unread->row ? unread->row->objects : 0));
  }
  return lines;
}
void put(Collection& collection, const std::string& file, const std::string& text) {
  collection.put(file, decode::decode_objects(file, text));
}

TEST(SourcesManifestsCollection, OnlyDifferencesAreTold) {
  Collection collection;
  put(collection, "a.yaml", a_service("a", 80) + a_service("b", 81));
  EXPECT_THAT(told(collection), ElementsAre("+default/a:80", "+default/b:81"));

  put(collection, "a.yaml", a_service("a", 80) + a_service("b", 82));
  EXPECT_THAT(told(collection), ElementsAre("+default/b:82"));

  put(collection, "a.yaml", a_service("c", 1) + a_service("b", 82));
  EXPECT_THAT(told(collection), ElementsAre("-default/a", "+default/c:1"));

  collection.remove("a.yaml");
  EXPECT_THAT(told(collection), ElementsAre("-default/b", "-default/c"));
  EXPECT_EQ(collection.summary(), "0 files, 0 objects");
}

TEST(SourcesManifestsCollection, ABrokenObjectKeepsItsLastGoodContentAndOnlyThat) {
  Collection collection;
  put(collection, "a.yaml", a_service("a", 80) + a_service("b", 81) + a_service("c", 82));
  told(collection);

  put(collection, "a.yaml", a_service("a", 90) + a_broken_service("b"));
  EXPECT_THAT(told(collection), ElementsAre("+default/a:90", "-default/c", "!objects/a.yaml#2: Service default/b"));

  put(collection, "a.yaml", a_service("a", 90) + a_service("b", 91));
  EXPECT_THAT(told(collection), ElementsAre("+default/b:91", "-!objects/a.yaml#2"));
}

TEST(SourcesManifestsCollection, AnOddEntryIsNamedAndTheRestIsInForce) {
  Collection collection;
  const std::string head = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}, {name: b, port: ";
  put(collection, "a.yaml", head + "70000}]}\n");
  EXPECT_THAT(told(collection), ElementsAre("+default/a:80", "!objects/a.yaml left out: Service default/a"));

  put(collection, "a.yaml", head + "81}]}\n");
  EXPECT_THAT(told(collection), ElementsAre("+default/a:80", "-!objects/a.yaml left out"));
}

TEST(SourcesManifestsCollection, OddEntriesOfManyObjectsAreNotAllNamed) {
  Collection collection;
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "apiVersion: v1\nkind: Service\nmetadata: {name: s" + std::to_string(i) +
            "}\nspec: {ports: [{port: 80}], externalIPs: [239.1.1.1]}\n---\n";
  put(collection, "a.yaml", text);

  auto lines = told(collection);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("!"); }), 21);
  EXPECT_THAT(lines, testing::Contains("!objects/a.yaml and more: file a.yaml"));
  collection.remove("a.yaml");
  lines = told(collection);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("-!"); }), 21);
}

TEST(SourcesManifestsCollection, WhatCannotBeTakenApartKeepsAllItHeld) {
  Collection collection;
  put(collection, "a.yaml", a_service("a", 80) + a_service("b", 81));
  told(collection);

  put(collection, "a.yaml", "a: [");
  EXPECT_THAT(told(collection), ElementsAre("!objects/a.yaml: file a.yaml"));
  put(collection, "a.yaml", a_service("a", 90) + "kind: Service\n");
  EXPECT_THAT(told(collection), ElementsAre("+default/a:90", "-!objects/a.yaml", "!objects/a.yaml#2: file a.yaml#2"));
  collection.put_unreadable("a.yaml", "cannot open");
  EXPECT_THAT(told(collection), ElementsAre("!objects/a.yaml: file a.yaml", "-!objects/a.yaml#2"));
  collection.remove("a.yaml");
  EXPECT_THAT(told(collection), ElementsAre("-default/a", "-default/b", "-!objects/a.yaml"));
}

TEST(SourcesManifestsCollection, OfTwoFilesTheFirstNameWinsInWhateverOrderTheyCame) {
  std::vector<std::string> files = {"a.yaml", "b.yaml", "c.yaml"};
  do {
    Collection collection;
    for (const auto& file : files) put(collection, file, a_service("x", file[0]));
    EXPECT_THAT(told(collection), ElementsAre("+default/x:97", "!objects/a.yaml Service default/x: Service default/x",
                                              "!objects/b.yaml Service default/x: Service default/x",
                                              "!objects/c.yaml Service default/x: Service default/x"));

    collection.remove("a.yaml");
    EXPECT_THAT(told(collection),
                ElementsAre("+default/x:98", "-!objects/a.yaml Service default/x", "!objects/b.yaml Service default/x: Service default/x",
                            "!objects/c.yaml Service default/x: Service default/x"));
    put(collection, "b.yaml", a_service("y", 1));
    EXPECT_THAT(told(collection),
                ElementsAre("+default/x:99", "+default/y:1", "-!objects/b.yaml Service default/x", "-!objects/c.yaml Service default/x"));
  } while (std::next_permutation(files.begin(), files.end()));
}

TEST(SourcesManifestsCollection, AnObjectTwiceInOneFileIsAProblemAndTheFirstIsInForce) {
  Collection collection;
  put(collection, "a.yaml", a_service("x", 1) + a_service("x", 2));

  EXPECT_THAT(told(collection), ElementsAre("+default/x:1", "!objects/a.yaml#2: Service default/x"));
}

TEST(SourcesManifestsCollection, AHundredBrokenObjectsAreNotAHundredProblems) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += a_broken_service("s" + std::to_string(i));
  Collection collection;
  put(collection, "a.yaml", text);

  auto lines = told(collection);
  EXPECT_EQ(lines.size(), 21u);
  EXPECT_THAT(lines, testing::Contains("!objects/a.yaml and more: file a.yaml"));
  put(collection, "a.yaml", "");
  EXPECT_EQ(told(collection).size(), 21u);
}

TEST(SourcesManifestsCollection, OtherKindsAreCountedOverFiles) {
  const std::string kPool = "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: p}\n";
  Collection collection;
  put(collection, "a.yaml", kPool);
  put(collection, "b.yaml", kPool);
  EXPECT_THAT(told(collection), ElementsAre("cilium.io/v2 CiliumLoadBalancerIPPool=2"));
  put(collection, "b.yaml", "a: [");
  collection.remove("a.yaml");
  EXPECT_THAT(told(collection), ElementsAre("!objects/b.yaml: file b.yaml", "cilium.io/v2 CiliumLoadBalancerIPPool=0"));
}

TEST(SourcesManifestsCollection, ACopyFollowsTheSameRuleAsTheRows) {
  const std::string kVersions[] = {a_service("a", 1) + a_service("b", 2),     a_service("a", 3) + a_broken_service("b"), "a: [",
                                   a_broken_service("a") + a_service("c", 4), a_service("d", 5) + "kind: 3\n",           a_service("a", 1)};
  Collection rows;
  std::string copy;
  for (const auto& version : kVersions) {
    put(rows, "f.yaml", version);
    told(rows);
    copy = merged_text("f.yaml", copy, version);

    Collection restored;
    put(restored, "f.yaml", copy);
    EXPECT_EQ(restored.summary(), rows.summary()) << version;
    EXPECT_THAT(told(restored), testing::Each(testing::StartsWith("+"))) << version;
  }
}

}  // namespace
}  // namespace sources::manifests
