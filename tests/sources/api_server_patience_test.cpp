// How long a reflector waits, for what, and when it gives up: times pass by hand.
#include <gmock/gmock.h>

#include <set>

#include "support/reflector_client.h"

namespace sources::api_server {
namespace {

using support::FakeApiServer;
using support::WholeLists;

TEST(ApiServerPatience, RetryAfterIsHonouredUpToAMinuteAndNotByAllAtOnce) {
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

TEST(ApiServerPatience, AHistoryThatIsForgottenAgainAndAgainIsAskedForEverMoreSeldom) {
  FakeApiServer server;
  server.put(a_service_object("a", 80));
  Client client(server, 1);
  base::Millis waited{};
  for (int i = 0; i < 20; ++i) {
    client.read(100'000);
    client.ask();
    ASSERT_TRUE(client.watches());
    client.end(io::kube::Answer{410, "Expired", "too old resource version", {}});
    ASSERT_FALSE(client.watches());
    waited = client.wait;
    client.pass(client.wait);
  }
  EXPECT_GE(waited, base::Millis(15'000));
  EXPECT_EQ(server.lists, 20U);
}

TEST(ApiServerPatience, AQuietWatchIsGoodAsSoonAsTheServerAgrees) {
  FakeApiServer server;
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  client.end(base::Error{ECONNREFUSED, "refused"});
  EXPECT_FALSE(client.watches());

  client.ask();

  EXPECT_TRUE(client.watches());
}

TEST(ApiServerPatience, WhatTricklesForEverIsGivenUpAndListedInPages) {
  FakeApiServer server;
  for (int i = 0; i < 7; ++i) server.put(a_service_object("s" + std::to_string(i), 80));
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
  EXPECT_EQ(server.lists, 2U);
}

TEST(ApiServerPatience, APageThatTricklesIsAskedForAgainAndGivenMoreTime) {
  FakeApiServer server(WholeLists::kTooSlow);
  for (int i = 0; i < 7; ++i) server.put(a_service_object("s" + std::to_string(i), 80));
  Client client(server, 1);
  client.ask();
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

TEST(ApiServerPatience, OneKindLooksForAServerThatIsAwayMoreOftenThanTheOthers) {
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

TEST(ApiServerPatience, AVersionThatStaysInTheFutureIsGivenUp) {
  FakeApiServer server;
  server.put(a_service_object("a", 80));
  Client client(server, 1);
  client.settle();
  client.end(base::Error{EPIPE, "cut"});
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(server.lists, 1U);
    client.ask();
    client.end(io::kube::Answer{504, "Timeout", "Too large resource version", {}});
  }
  client.settle();

  EXPECT_EQ(server.lists, 2U);
}

}  // namespace
}  // namespace sources::api_server
