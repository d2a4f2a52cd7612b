// One resource against a server that breaks in every way: whatever happens, the rows end as the server's objects, and none is said to be
// gone that was not deleted.
#include <gmock/gmock.h>

#include "support/reflector_client.h"

namespace sources::api_server {
namespace {

using nlohmann::json;
using support::FakeApiServer;
using support::WholeLists;

void live(FakeApiServer& server, std::mt19937_64& random) {
  auto any = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  std::string name = "s" + std::to_string(any(12));
  if (any(3))
    server.put(a_service_object(name, 1 + any(60000)));
  else
    server.remove("default/" + name);
}

void endure(WholeLists whole_lists, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  auto any = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  FakeApiServer server(whole_lists);
  Client client(server, seed);
  for (int i = 0; i < 8; ++i) live(server, random);
  for (int step = 0; step < 300; ++step) {
    switch (any(12)) {
      case 0:
        client.end(base::Error{EPIPE, "cut"});
        break;
      case 1:
        if (any(4) == 0) server.compact();
        break;
      case 2:
        client.end(io::kube::Answer{200, "", "", {}});
        break;
      case 3:
        server.bookmark();
        break;
      case 4:
      case 5:
        live(server, random);
        break;
      case 6:
        if (any(3) == 0) client.end(io::kube::Answer{504, "Timeout", "Too large resource version", base::Millis(1000)});
        break;
      default:
        client.read(1 + any(400));
    }
  }
  client.settle();
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_LE(server.lists, 1 + client.unfinished + server.gone);
}

TEST(ApiServerReflector, EndsAsTheServerWhateverBreaksOnTheWay) {
  for (uint64_t seed = 1; seed <= 150; ++seed) endure(WholeLists::kGiven, seed);
}
TEST(ApiServerReflector, EndsAsTheServerInPagesToo) {
  for (uint64_t seed = 1; seed <= 150; ++seed) endure(WholeLists::kTooSlow, seed);
}

TEST(ApiServerReflector, AnEmptyServerIsCompleteAndNothingElse) {
  FakeApiServer server;
  Client client(server, 1);
  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(client.changes, 0U);
  EXPECT_EQ(server.lists, 1U);
}

TEST(ApiServerReflector, ABrokenStreamGoesOnWithoutAList) {
  FakeApiServer server;
  server.put(a_service_object("web", 80));
  Client client(server, 1);
  client.settle();

  for (int i = 0; i < 20; ++i) {
    client.end(base::Error{EPIPE, "cut"});
    EXPECT_GE(client.wait, base::Millis(800));
    EXPECT_LE(client.wait, base::Millis(30'000));
    server.put(a_service_object("web" + std::to_string(i), 80));
    client.settle();
  }

  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.lists, 1U);
  EXPECT_EQ(server.watches, 21U);
}

TEST(ApiServerReflector, AHistoryThatIsGoneIsReadAnewWithoutAChangeForWhatIsTheSame) {
  FakeApiServer server;
  for (const char* name : {"a", "b", "c"}) server.put(a_service_object(name, 80));
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  server.remove("default/b");
  server.compact();
  size_t before = client.changes;

  client.settle();

  EXPECT_EQ(client.changes - before, 1U) << "only the deletion";
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.lists, 2U);
}

TEST(ApiServerReflector, AListThatFallsSilentIsAskedForInPages) {
  FakeApiServer server;
  for (const char* name : {"a", "b", "c", "d", "e"}) server.put(a_service_object(name, 80));
  Client client(server, 1);
  client.read(10);
  client.end(base::Error{ETIMEDOUT, "silent"});
  client.ask();
  EXPECT_NE(client.request().target.find("limit=500"), std::string::npos);

  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.lists, 2U);
}

TEST(ApiServerReflector, AsksForNoMoreThanANodeNeeds) {
  Events events;

  EXPECT_EQ(Reflector(3, "node one", 1).next({}, events).target, "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode%20one&");
  EXPECT_EQ(Reflector(0, "one", 1).next({}, events).target,
            "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fheadless%2C%21service.kubernetes.io%2Fservice-proxy-name&");
  EXPECT_EQ(Reflector(1, "one", 1, "ichor").next({}, events).target,
            "/apis/discovery.k8s.io/v1/endpointslices?labelSelector=%21service.kubernetes.io%2Fheadless%2Cservice.kubernetes.io%2F"
            "service-proxy-name%3Dichor&");
}

TEST(ApiServerReflector, AMissingRightNamesTheVerb) {
  FakeApiServer server;
  Client client(server, 1);
  client.ask();
  client.end(io::kube::Answer{403, "Forbidden", "services is forbidden", {}});

  ASSERT_EQ(client.troubles.size(), 1U);
  EXPECT_EQ(client.troubles[0].forbidden_verb, "list");
  EXPECT_EQ(client.troubles[0].text, "403 Forbidden: services is forbidden");
}

TEST(ApiServerReflector, ABrokenObjectKeepsItsRowAndDisturbsNoOther) {
  FakeApiServer server;
  server.put(a_service_object("a", 80));
  Client client(server, 1);
  client.settle();
  server.put(a_service_object("a", 70000));
  server.put(a_service_object("b", 81));

  client.settle();

  const auto& rows = client.collection.rows()[0];
  ASSERT_TRUE(rows.find("default/a") && rows.find("default/b"));
  EXPECT_EQ(std::get<0>(*rows.find("default/a"))->ports[0].port, 80);
}

TEST(ApiServerReflector, AnOddEntryIsNamedUntilItIsGone) {
  auto problems = [](Collection& collection) {
    std::vector<std::string> texts;
    for (const auto& change : collection.changes())
      if (auto* problem = std::get_if<model::RowChange<model::Problem>>(&change))
        texts.push_back(problem->row ? problem->row->text : "gone");
    return texts;
  };
  auto item = [](const char* external_ip) {
    return read_item(0, R"({"metadata":{"name":"a"},"spec":{"ports":[{"port":80}],"externalIPs":[")" + std::string(external_ip) + "\"]}}");
  };
  Collection collection;
  collection.take(0, item("239.1.1.1"));
  ASSERT_TRUE(collection.rows()[0].find("default/a"));
  EXPECT_THAT(problems(collection), testing::ElementsAre(testing::StartsWith("spec.externalIPs[0]: \"239.1.1.1\" is not allowed")));
  collection.take(0, item("203.0.113.1"));
  EXPECT_THAT(problems(collection), testing::ElementsAre("gone"));
}

TEST(ApiServerReflector, WhatCannotBeReadDeletesNothing) {
  Collection collection;
  collection.take(0, Began{});
  collection.take(0,
                  Put{"default/a", decode::decode_object(0, decode::to_tree(a_service_object("a", 80))->root(), "").value().row.value()});
  collection.take(0, Complete{});
  collection.take(0, Began{});
  collection.take(0, read_item(0, "{\"metadata\":"));
  collection.take(0, Complete{});

  EXPECT_TRUE(collection.rows()[0].find("default/a"));
}

}  // namespace
}  // namespace sources::api_server
