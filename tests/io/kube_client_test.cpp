// Requests and answers over a real TLS connection.
#include <gmock/gmock.h>

#include <future>

#include "base/mailbox.h"
#include "io/kube/client.h"
#include "support/kube_node.h"

namespace io::kube {
namespace {

using namespace std::chrono_literals;
using support::answer;
using support::chunk;
using support::Conversation;
using support::TlsServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr base::Millis kPatience = 30s;
const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class IoKubeClient : public testing::Test {
 protected:
  void serve(TlsServer::Script script) {
    server_.emplace(node_.server_settings(), std::move(script));
    node_.write_kubeconfig("https://" + server_->address());
    connection_ = node_.connection();
  }
  base::Result<Answer> get(const std::string& target = "/api/v1/pods", base::Millis silence = kPatience) {
    return connection_->get(target, silence, [this](std::string_view piece) {
      body_ += piece;
      return true;
    });
  }

  support::KubeNode node_;
  std::string body_;
  std::unique_ptr<Connection> connection_;
  std::optional<TlsServer> server_;
};

#define ASSERT_ANSWERED(answered) ASSERT_TRUE((answered).ok()) << ((answered).ok() ? "" : (answered).error().text)

TEST_F(IoKubeClient, AsksAsTheNodeAndReadsTheBody) {
  std::string asked;
  std::string client;
  serve([&](Conversation& with) {
    asked = *with.request();
    client = with.client_name();
    with.say(answer("{\"kind\":\"PodList\"}"));
  });

  const auto answered = get("/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Done");

  ASSERT_ANSWERED(answered);
  EXPECT_EQ(answered->status, 200);
  EXPECT_EQ(body_, "{\"kind\":\"PodList\"}");
  EXPECT_EQ(client, "system:node:one");
  EXPECT_THAT(asked, StartsWith("GET /api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Done HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nHost: " + server_->address() + "\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nUser-Agent: ichor-agent/"));
  EXPECT_THAT(asked, HasSubstr("\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"));
}

// A trickle is no answer, whatever it is made of.
TEST_F(IoKubeClient, NothingButContentEndsASilence) {
  for (const auto& [begun, drop] :
       std::initializer_list<std::pair<std::string, std::string>>{{"", "H"},
                                                                  {"HTTP/1.1 200 OK\r\n", "a: b\r\n"},
                                                                  {kChunked, "0"},
                                                                  {kChunked + "5;x=", "y"},
                                                                  {kChunked + chunk("x") + "0\r\n", "a: b\r\n"}}) {
    std::promise<void> over;
    serve([&, ended = over.get_future().share()](Conversation& with) {
      with.request();
      with.say(begun);
      while (ended.wait_for(2ms) == std::future_status::timeout) with.say(drop);
    });

    const auto answered = get("/api/v1/pods", 300ms);
    over.set_value();

    ASSERT_FALSE(answered.ok()) << begun << drop;
    EXPECT_EQ(answered.error().code, ETIMEDOUT) << answered.error().text;
    server_.reset();
  }
}

TEST_F(IoKubeClient, TheHeadIsReportedBeforeThereIsABody) {
  serve([](Conversation& with) {
    with.request();
    with.say(kChunked);
    with.wait_for_the_client();
  });

  const auto answered = connection_->get("/api/v1/pods?watch=1", kPatience, [](std::string_view piece) { return !piece.empty(); });

  ASSERT_ANSWERED(answered);
  EXPECT_EQ(answered->status, 200);
}

TEST_F(IoKubeClient, KeepsTheConnectionBetweenRequests) {
  serve([](Conversation& with) {
    while (with.request()) with.say(kChunked + chunk("one") + "0\r\n\r\n");
  });

  for (int i = 0; i < 3; ++i) ASSERT_ANSWERED(get());

  EXPECT_EQ(body_, "oneoneone");
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(IoKubeClient, AConnectionThatTheServerClosedIsMadeAnew) {
  serve([](Conversation& with) {
    with.request();
    with.say(answer("x"));
    with.say_goodbye();
  });

  for (int i = 0; i < 3; ++i) ASSERT_ANSWERED(get());

  EXPECT_EQ(server_->accepted(), 3);
}

TEST_F(IoKubeClient, AnAnswerThatForbidsItIsTheConnectionsLast) {
  serve([](Conversation& with) {
    while (with.request()) with.say(answer("x", "200 OK", "Connection: close\r\n"));
  });

  for (int i = 0; i < 2; ++i) ASSERT_ANSWERED(get());

  EXPECT_EQ(server_->accepted(), 2);
}

TEST_F(IoKubeClient, PiecesComeAsTheyAreSent) {
  std::promise<void> first_seen;
  serve([&](Conversation& with) {
    with.request();
    with.say(kChunked + chunk("first"));
    first_seen.get_future().wait();
    with.say(chunk("second") + "0\r\n\r\n");
  });
  std::vector<std::string> pieces;

  const auto answered = connection_->get("/watch", kPatience, [&](std::string_view piece) {
    if (pieces.size() == 1) first_seen.set_value();
    pieces.emplace_back(piece);
    return true;
  });

  ASSERT_ANSWERED(answered);
  EXPECT_THAT(pieces, ElementsAre("", "first", "second"));
}

TEST_F(IoKubeClient, TheSinkEndsARequestAndItsConnection) {
  serve([](Conversation& with) {
    if (!with.request()) return;
    with.say(kChunked + chunk("first"));
    with.wait_for_the_client();
  });

  for (int i = 0; i < 2; ++i) {
    const auto answered = connection_->get("/watch", kPatience, [](std::string_view piece) { return piece.empty(); });
    ASSERT_ANSWERED(answered);
    EXPECT_EQ(answered->status, 200);
  }

  EXPECT_EQ(server_->accepted(), 2);
}

TEST_F(IoKubeClient, SilenceEndsTheWait) {
  serve([](Conversation& with) {
    with.request();
    with.say(kChunked + chunk("first"));
    with.wait_for_the_client();
  });

  // Longer each time, until the first piece came in time on this machine.
  for (base::Millis silence = 20ms; body_.empty(); silence *= 2) {
    const auto answered = get("/watch", silence);

    ASSERT_FALSE(answered.ok());
    EXPECT_EQ(answered.error().code, ETIMEDOUT);
    EXPECT_THAT(answered.error().text, HasSubstr(server_->address()));
  }
  EXPECT_EQ(body_, "first");
}

TEST_F(IoKubeClient, StopEndsAReadFromAnotherThread) {
  base::Mailbox<int> began;
  serve([&](Conversation& with) {
    with.request();
    with.say(kChunked + chunk("first"));
    with.wait_for_the_client();
  });
  std::thread stopper([&] {
    began.take(std::nullopt);
    connection_->stop();
  });

  const auto answered = connection_->get("/watch", kPatience, [&](std::string_view) {
    began.push(1);
    return true;
  });
  stopper.join();

  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code, ECANCELED);
  EXPECT_EQ(get().error().code, ECANCELED);
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(IoKubeClient, StopEndsAHandshakeFromAnotherThread) {
  auto settings = node_.server_settings();
  settings.plain_tcp = true;
  server_.emplace(settings, [](Conversation&) {});
  node_.write_kubeconfig("https://" + server_->address());
  connection_ = node_.connection();
  auto asked = std::async(std::launch::async, [this] { return get(); });
  while (server_->accepted() == 0) std::this_thread::yield();

  connection_->stop();

  EXPECT_EQ(asked.get().error().code, ECANCELED);
}

TEST_F(IoKubeClient, ABodyThatIsCutOffIsAnError) {
  for (const std::string& part : {kChunked + chunk("whole") + "5\r\nha", std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")}) {
    for (const bool politely : {false, true}) {
      serve([=](Conversation& with) {
        with.request();
        with.say(part);
        if (politely) with.say_goodbye();
      });

      const auto answered = get();

      ASSERT_FALSE(answered.ok()) << part;
      EXPECT_EQ(answered.error().code, EPIPE) << answered.error().text;
      EXPECT_THAT(answered.error().text, HasSubstr("cut off"));
    }
  }
}

TEST_F(IoKubeClient, ABodyWithoutLengthEndsWithAGoodbyeOnly) {
  for (const bool politely : {false, true}) {
    serve([=](Conversation& with) {
      with.request();
      with.say("HTTP/1.1 200 OK\r\n\r\nall");
      if (politely) with.say_goodbye();
    });

    EXPECT_EQ(get().ok(), politely);
  }
}

TEST_F(IoKubeClient, ARefusalIsAnAnswerWithItsReason) {
  serve([](Conversation& with) {
    with.request();
    with.say(answer(R"({"kind":"Status","reason":"Expired","message":"too old resource version"})", "410 Gone"));
    with.request();
    with.say(answer("slow down\n", "429 Too Many Requests", "retry-after: 7\r\n"));
    with.wait_for_the_client();
  });

  const auto gone = get();
  const auto busy = get();

  ASSERT_ANSWERED(gone);
  EXPECT_EQ(gone->status, 410);
  EXPECT_EQ(gone->reason, "Expired");
  EXPECT_EQ(gone->message, "too old resource version");
  EXPECT_EQ(gone->retry_after, std::nullopt);
  ASSERT_ANSWERED(busy);
  EXPECT_EQ(busy->status, 429);
  EXPECT_EQ(busy->reason, "");
  EXPECT_EQ(busy->message, "slow down");
  EXPECT_EQ(busy->retry_after, base::Millis(7s));
  EXPECT_EQ(body_, "");
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(IoKubeClient, OfARefusalsBodyABoundedPartIsRead) {
  serve([](Conversation& with) {
    with.request();
    with.say("HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10; ++i) with.say(chunk(std::string(16 << 10, 'x')));
    with.wait_for_the_client();  // the last chunk never comes
  });

  const auto answered = get();

  ASSERT_ANSWERED(answered);
  EXPECT_EQ(answered->status, 500);
  EXPECT_EQ(answered->message, std::string(256, 'x'));
}

TEST_F(IoKubeClient, APatchCarriesItsTypeAndBody) {
  std::string asked;
  serve([&](Conversation& with) {
    asked = *with.request();
    with.say(answer("{}"));
  });

  const auto answered = connection_->patch("/api/v1/nodes/one/status", "application/merge-patch+json", "{\"status\":{}}");

  ASSERT_ANSWERED(answered);
  EXPECT_THAT(asked, StartsWith("PATCH /api/v1/nodes/one/status HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nContent-Type: application/merge-patch+json\r\nContent-Length: 13\r\n"));
  EXPECT_THAT(asked, testing::EndsWith("\r\n\r\n{\"status\":{}}"));
}

TEST_F(IoKubeClient, ABodyOfAMegabyteIsSentAndReadWhole) {
  std::string asked;
  const std::string large(1 << 20, 'y');
  serve([&](Conversation& with) {
    asked = *with.request();
    with.say(answer("{}"));
    with.request();
    with.say(answer(large));
  });

  ASSERT_ANSWERED(connection_->patch("/x", "application/json", large));
  ASSERT_ANSWERED(get());

  EXPECT_THAT(asked.size(), testing::Gt(large.size()));
  EXPECT_EQ(body_, large);
}

TEST_F(IoKubeClient, ThePathOfTheServerComesFirst) {
  std::string asked;
  serve([&](Conversation& with) {
    asked = *with.request();
    with.say(answer("{}"));
  });
  node_.write_kubeconfig("https://" + server_->address() + "/k8s/clusters/c-1/");

  ASSERT_ANSWERED(get("/version"));

  EXPECT_THAT(asked, StartsWith("GET /k8s/clusters/c-1/version HTTP/1.1\r\n"));
}

TEST_F(IoKubeClient, ATargetThatWouldBreakTheRequestIsRefused) {
  serve([](Conversation& with) { with.wait_for_the_client(); });

  for (const char* target : {"", "pods", "/a b", "/a\r\nX: y"}) EXPECT_EQ(get(target).error().code, EINVAL) << target;
  EXPECT_EQ(server_->accepted(), 0);
}

TEST_F(IoKubeClient, WhatIsNoHttpIsAnErrorThatShowsIt) {
  serve([](Conversation& with) {
    with.request();
    with.say("SSH-2.0-OpenSSH\r\n\r\n");
  });

  const auto answered = get();

  ASSERT_FALSE(answered.ok());
  EXPECT_THAT(answered.error().text, HasSubstr("SSH-2.0-OpenSSH"));
}

TEST_F(IoKubeClient, AServerThatIsAwayIsNamed) {
  serve([](Conversation&) {});
  const std::string address = server_->address();
  server_.reset();

  const auto answered = get();

  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code, ECONNREFUSED);
  EXPECT_THAT(answered.error().text, HasSubstr("API server " + address));
}

}  // namespace
}  // namespace io::kube
