// One resource against a server that breaks in every way: whatever happens, the rows end as the server's objects, and none is said to be
// gone that was not deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sources/api_server/collection.h"
#include "sources/api_server/reflector.h"
#include "sources/decode/row_change.h"
#include "support/fake_api_server.h"

namespace sources::api_server {
namespace {

using nlohmann::json;
using support::FakeApiServer;
using support::WatchList;

json a_service(const std::string& name, int port) {
  return {{"kind", "Service"},
          {"metadata", {{"name", name}, {"namespace", "default"}, {"managedFields", {{{"manager", "kubectl"}}}}}},
          {"spec", {{"clusterIP", "10.96.0.9"}, {"ports", {{{"port", port}}}}}}};
}

// A reflector and its rows, driven by hand.
class Client {
 public:
  Client(FakeApiServer& server, uint64_t seed) : server_(server), reflector_(0, "one", seed) {}

  void ask() {
    Events events;
    now_ += base::Millis(10);
    request_ = reflector_.next(now_, events);
    stream_ = server_.open(request_.target);
    initial_ = request_.target.find("sendInitialEvents") != std::string::npos || request_.target.find("watch=") == std::string::npos;
    fold(std::move(events));
    if (!stream_->answer.ok()) return end(stream_->answer);
    Events agreed;
    EXPECT_TRUE(reflector_.take("", now_, agreed));
    fold(std::move(agreed));
  }
  // Delivers up to `most` bytes of what there is; a list ends when all of it has come.
  bool read(size_t most) {
    if (!stream_) ask();
    if (!stream_) return true;
    waiting_ += server_.body(*stream_);
    std::string piece = waiting_.substr(0, most);
    waiting_.erase(0, piece.size());
    Events events;
    bool more = piece.empty() || reflector_.take(piece, now_, events);
    fold(std::move(events));
    if (!more || (stream_->ended && waiting_.empty())) end(io::kube::Answer{200, "", "", {}});
    return !piece.empty();
  }
  void end(base::Result<io::kube::Answer> outcome) {
    if (!stream_) return;
    unfinished += initial_ && !complete_since_asked_;
    Events events;
    now_ += base::Millis(5);
    auto pause = reflector_.ended(outcome, now_, events);
    wait = pause.time;
    until_reachable = pause.until_reachable;
    fold(std::move(events));
    stream_.reset();
    waiting_.clear();
  }
  void settle() {
    for (int quiet = 0; quiet < 8;) quiet = read(100'000) ? 0 : quiet + 1;
  }

  std::map<std::string, std::string> versions() const {
    std::map<std::string, std::string> versions;
    for (const auto& [key, row] : collection.rows()[0]) versions[key] = decode::meta_of(row).labels.at("version");
    return versions;
  }

  Collection collection;
  std::vector<Trouble> troubles;
  std::map<std::string, size_t> reported_gone;
  size_t unfinished = 0, changes = 0;
  base::Millis wait{};
  bool until_reachable = false;
  void pass(base::Millis time) { now_ += time; }
  bool watches() const { return watches_; }
  const Request& request() const { return request_; }
  bool open() const { return stream_.has_value(); }

 private:
  void fold(Events events) {
    for (auto& event : events) {
      if (std::holds_alternative<Began>(event)) complete_since_asked_ = false;
      if (std::holds_alternative<Complete>(event)) complete_since_asked_ = true;
      if (std::holds_alternative<Watching>(event)) watches_ = true;
      if (std::holds_alternative<Unwatched>(event)) watches_ = false;
      if (auto* trouble = std::get_if<Trouble>(&event)) troubles.push_back(*trouble);
      collection.take(0, std::move(event));
    }
    for (const auto& change : collection.changes()) {
      const auto* service = std::get_if<model::RowChange<model::Service>>(&change);
      if (!service) continue;
      ++changes;
      if (service->row) continue;
      EXPECT_LE(++reported_gone[service->key], server_.deletions(service->key)) << service->key << " was not deleted so often";
    }
  }

  FakeApiServer& server_;
  Reflector reflector_;
  Request request_;
  std::optional<FakeApiServer::Stream> stream_;
  std::string waiting_;
  base::BootTime now_{1'000'000};
  bool initial_ = false, complete_since_asked_ = false, watches_ = false;
};

void live(FakeApiServer& server, std::mt19937_64& random) {
  auto any = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  std::string name = "s" + std::to_string(any(12));
  if (any(3))
    server.put(a_service(name, 1 + any(60000)));
  else
    server.remove("default/" + name);
}

void endure(WatchList watch_list, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  auto any = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  FakeApiServer server(watch_list);
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
  EXPECT_LE(server.lists + server.initial_streams, 1 + client.unfinished + server.gone);
}

TEST(ApiServerReflector, EndsAsTheServerWhateverBreaksOnTheWay) {
  for (uint64_t seed = 1; seed <= 150; ++seed) endure(WatchList::kOffered, seed);
}
TEST(ApiServerReflector, EndsAsTheServerInPagesToo) {
  for (uint64_t seed = 1; seed <= 150; ++seed) endure(WatchList::kRefused, seed);
}

TEST(ApiServerReflector, AnEmptyServerIsCompleteAndNothingElse) {
  FakeApiServer server;
  Client client(server, 1);
  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(client.changes, 0U);
  EXPECT_EQ(server.initial_streams, 1U);
}

TEST(ApiServerReflector, ABrokenStreamGoesOnWithoutAList) {
  FakeApiServer server;
  server.put(a_service("web", 80));
  Client client(server, 1);
  client.settle();

  for (int i = 0; i < 20; ++i) {
    client.end(base::Error{EPIPE, "cut"});
    EXPECT_GE(client.wait, base::Millis(800));
    EXPECT_LE(client.wait, base::Millis(30'000));
    server.put(a_service("web" + std::to_string(i), 80));
    client.settle();
  }

  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.initial_streams + server.lists, 1U);
  EXPECT_EQ(server.watches, 20U);
}

TEST(ApiServerReflector, AHistoryThatIsGoneIsReadAnewWithoutAChangeForWhatIsTheSame) {
  FakeApiServer server;
  for (const char* name : {"a", "b", "c"}) server.put(a_service(name, 80));
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  server.remove("default/b");
  server.compact();
  size_t before = client.changes;

  client.settle();

  EXPECT_EQ(client.changes - before, 1U) << "only the deletion";
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.initial_streams, 2U);
}

TEST(ApiServerReflector, AServerThatIgnoresSendInitialEventsIsListed) {
  FakeApiServer server(WatchList::kIgnored);
  for (const char* name : {"a", "b", "c", "d", "e"}) server.put(a_service(name, 80));
  Client client(server, 1);
  client.read(100'000);
  server.bookmark();

  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.lists, 1U);
}

TEST(ApiServerReflector, AnInitialStreamThatFallsSilentIsListed) {
  FakeApiServer server(WatchList::kIgnored);
  server.put(a_service("a", 80));
  Client client(server, 1);
  client.read(100'000);
  client.end(base::Error{ETIMEDOUT, "silent"});

  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(server.lists, 1U);
}

TEST(ApiServerReflector, AsksForNoMoreThanANodeNeeds) {
  Events events;

  EXPECT_EQ(Reflector(3, "node one", 1).next({}, events).target.substr(0, 80),
            std::string("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode%20one&watch=1&allowWatchBookmarks=true&sendInitialEvents")
                .substr(0, 80));
  EXPECT_TRUE(
      Reflector(0, "one", 1)
          .next({}, events)
          .target.starts_with(
              "/api/v1/"
              "services?labelSelector=%21service.kubernetes.io%2Fheadless%2C%21service.kubernetes.io%2Fservice-proxy-name&watch=1"));
}

TEST(ApiServerReflector, AMissingRightNamesTheVerb) {
  FakeApiServer server;
  Client client(server, 1);
  client.ask();
  client.end(io::kube::Answer{403, "Forbidden", "services is forbidden", {}});

  ASSERT_EQ(client.troubles.size(), 1U);
  EXPECT_EQ(client.troubles[0].forbidden_verb, "watch");
  EXPECT_EQ(client.troubles[0].text, "403 Forbidden: services is forbidden");
}

TEST(ApiServerReflector, RetryAfterIsHonouredUpToAMinuteAndNotByAllAtOnce) {
  std::set<base::Millis> waits;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    FakeApiServer server;
    Client client(server, seed);
    client.ask();
    client.end(io::kube::Answer{429, "TooManyRequests", "", base::Millis(47'000)});
    EXPECT_GE(client.wait, base::Millis(47'000));
    EXPECT_FALSE(client.until_reachable) << "another's answer is no permission";
    client.ask();
    client.end(io::kube::Answer{429, "TooManyRequests", "", base::Millis(999'999'999'000)});
    EXPECT_GE(client.wait, base::Millis(60'000));
    EXPECT_LE(client.wait, base::Millis(90'000));
    waits.insert(client.wait);
  }
  EXPECT_GT(waits.size(), 10U);
}

TEST(ApiServerReflector, AHistoryThatIsForgottenAgainAndAgainIsAskedForEverMoreSeldom) {
  FakeApiServer server;
  server.put(a_service("a", 80));
  Client client(server, 1);
  base::Millis waited{};
  for (int i = 0; i < 20; ++i) {
    client.read(100'000);
    ASSERT_TRUE(client.watches());
    client.end(io::kube::Answer{410, "Expired", "too old resource version", {}});
    ASSERT_FALSE(client.watches());
    waited = client.wait;
    client.pass(client.wait);
  }
  EXPECT_GE(waited, base::Millis(15'000));
  EXPECT_EQ(server.initial_streams, 20U);
}

TEST(ApiServerReflector, AQuietWatchIsGoodAsSoonAsTheServerAgrees) {
  FakeApiServer server;
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  client.end(base::Error{ECONNREFUSED, "refused"});
  EXPECT_FALSE(client.watches());

  client.ask();

  EXPECT_TRUE(client.watches());
}

TEST(ApiServerReflector, WhatTricklesForEverIsGivenUpAndListedInPages) {
  FakeApiServer server;
  for (int i = 0; i < 7; ++i) server.put(a_service("s" + std::to_string(i), 80));
  Client client(server, 1);
  int pieces = 0;
  for (; client.troubles.empty() && pieces < 1000; ++pieces) {
    client.read(1);
    client.pass(base::Millis(20'000));  // no silence is as long as to end it
  }
  EXPECT_LT(pieces, 10);
  EXPECT_NE(client.troubles.at(0).text.find("had not come whole after 120 s"), std::string::npos);
  EXPECT_FALSE(client.collection.is_complete(0));

  client.settle();

  EXPECT_TRUE(client.collection.is_complete(0));
  EXPECT_EQ(client.versions(), server.versions());
  EXPECT_EQ(server.lists, 1U);
}

TEST(ApiServerReflector, APageThatTricklesIsAskedForAgainAndGivenMoreTime) {
  FakeApiServer server(WatchList::kRefused);
  for (int i = 0; i < 7; ++i) server.put(a_service("s" + std::to_string(i), 80));
  Client client(server, 1);
  std::vector<int> pieces;
  for (int attempt = 0; attempt < 3; ++attempt) {
    int taken = 0;
    for (size_t before = client.troubles.size(); client.troubles.size() == before && taken < 1000; ++taken) {
      client.read(1);
      client.pass(base::Millis(20'000));
    }
    pieces.push_back(taken);
  }
  EXPECT_LT(pieces[0], pieces[1]);
  EXPECT_LT(pieces[1], pieces[2]);
  client.settle();
  EXPECT_EQ(client.versions(), server.versions());
}

TEST(ApiServerReflector, OneKindLooksForAServerThatIsAwayMoreOftenThanTheOthers) {
  for (size_t kind : {size_t{0}, size_t{1}}) {
    Reflector reflector(kind, "one", 1);
    Events events;
    base::BootTime now{1'000'000};
    Pause pause;
    for (int i = 0; i < 12; ++i) {
      reflector.next(now, events);
      pause = reflector.ended(base::Error{ECONNREFUSED, "refused"}, now, events);
      EXPECT_TRUE(pause.until_reachable);
      now += pause.time;
    }
    EXPECT_EQ(pause.time < base::Millis(5'000), kind == 0);
  }
}

TEST(ApiServerReflector, AVersionThatStaysInTheFutureIsGivenUp) {
  FakeApiServer server;
  server.put(a_service("a", 80));
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(server.initial_streams, 1U);
    client.ask();
    client.end(io::kube::Answer{504, "Timeout", "Too large resource version", {}});
  }
  client.settle();

  EXPECT_EQ(server.initial_streams, 2U);
}

TEST(ApiServerReflector, ABrokenObjectKeepsItsRowAndDisturbsNoOther) {
  FakeApiServer server;
  server.put(a_service("a", 80));
  Client client(server, 1);
  client.settle();
  server.put(a_service("a", 70000));
  server.put(a_service("b", 81));

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
  collection.take(0, Put{"default/a", decode::decode_object(0, a_service("a", 80), "").value().row.value()});
  collection.take(0, Complete{});
  collection.take(0, Began{});
  collection.take(0, read_item(0, "{\"metadata\":"));
  collection.take(0, Complete{});

  EXPECT_TRUE(collection.rows()[0].find("default/a"));
}

}  // namespace
}  // namespace sources::api_server
