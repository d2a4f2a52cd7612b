// The HTTP endpoint against clients that say nothing, little, or under a false name, and take their answers as slowly.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/fd.h"
#include "io/http/client.h"
#include "io/http/exchange.h"
#include "io/http/server.h"

namespace io::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

Response echo(const Request& request) { return {200, "text/plain", "path " + request.path + "\n"}; }

class HttpServer : public testing::Test {
 protected:
  void serve(Answer answer, ServerLimits limits = {}) {
    server_.emplace(std::move(answer), limits);
    auto port = server_->start("127.0.0.1:0");
    ASSERT_TRUE(port.ok()) << port.error().text;
    port_ = *port;
  }
  base::Fd connect() const {
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static bool say(const base::Fd& socket, std::string_view text) {
    return ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  static std::string all_of(const base::Fd& socket) {
    std::string text;
    char buffer[65536];
    for (ssize_t length; (length = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) text.append(buffer, static_cast<size_t>(length));
    return text;
  }
  // Sockets of this process that are connected at the server's end.
  size_t connections_of_the_server() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      sockaddr_in own{}, peer{};
      socklen_t own_size = sizeof own, peer_size = sizeof peer;
      int fd = std::stoi(entry.path().filename());
      if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) continue;
      count += ntohs(own.sin_port) == port_ && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
    }
    return count;
  }
  std::string ask(std::string_view text) const {
    base::Fd socket = connect();
    EXPECT_TRUE(say(socket, text));
    return all_of(socket);
  }
  base::Result<Response> get(const std::string& path) const { return io::http::get("127.0.0.1:" + std::to_string(port_), path); }

  std::optional<Server> server_;
  int port_ = 0;
};

TEST_F(HttpServer, AThousandIdleConnectionsKeepNobodyOut) {
  rlimit files{4096, 4096};
  ::setrlimit(RLIMIT_NOFILE, &files);
  serve(echo);
  std::vector<base::Fd> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(connect());
    if (i % 3 == 0) say(idle.back(), "GET /healthz HTT");
    if (i % 250 == 249) {
      EXPECT_THAT(ask(kGet), HasSubstr("path /x\n")) << i;
    }
  }
}

TEST_F(HttpServer, ARequestThatComesByteByByteIsEnded) {
  serve(echo, {.to_ask = base::Millis(300)});
  base::Fd socket = connect();

  while (say(socket, "G")) {
    pollfd watched{socket.get(), POLLIN, 0};
    if (::poll(&watched, 1, 10) == 1) break;
  }

  EXPECT_EQ(all_of(socket), "");
}

TEST_F(HttpServer, APieceOfARequestMayComeLater) {
  serve(echo);
  base::Fd socket = connect();
  for (std::string_view piece : {"GET /a", "b HTTP/1.1\r\nHost: local", "host\r\n\r", "\n"}) {
    ASSERT_TRUE(say(socket, piece));
    EXPECT_EQ(get("/else")->body, "path /else\n");  // it has been read by then
  }
  EXPECT_THAT(all_of(socket), HasSubstr("path /ab\n"));
}

TEST_F(HttpServer, AnAnswerThatIsNotTakenInTimeIsEnded) {
  std::string large(32 << 20, 'x');
  serve([&](const Request&) { return Response{200, "text/plain", large}; }, {.to_take_it = base::Millis(300)});
  base::Fd slow = connect();
  ASSERT_TRUE(say(slow, kGet));
  char first = 0;
  ASSERT_EQ(::recv(slow.get(), &first, 1, 0), 1);

  while (connections_of_the_server() > 0) std::this_thread::yield();

  EXPECT_LT(all_of(slow).size(), large.size());
}

TEST_F(HttpServer, AnswersThatAreNotTakenHoldNoMoreMemoryThanIsAllowed) {
  std::string large(32 << 20, 'x');
  serve([&](const Request&) { return Response{200, "text/plain", large}; }, {.unsent_bytes = 1 << 20});
  std::vector<base::Fd> slow;
  for (int i = 0; i < 6; ++i) {
    slow.push_back(connect());
    ASSERT_TRUE(say(slow.back(), kGet));
    char first = 0;
    ASSERT_EQ(::recv(slow.back().get(), &first, 1, 0), 1);
  }
  EXPECT_EQ(get("/large")->body.size(), large.size());
  for (auto& socket : slow) EXPECT_LT(all_of(socket).size(), large.size());
}

TEST_F(HttpServer, ALargeAnswerComesWhole) {
  std::string large(32 << 20, 'x');
  serve([&](const Request&) { return Response{200, "text/plain", large}; });
  EXPECT_EQ(get("/large")->body, large);
}

TEST_F(HttpServer, RequestsBeyondTheQueueAreRefusedAtOnce) {
  std::atomic<bool> go{false};
  serve([&](const Request& request) { return go.wait(false), echo(request); }, {.queue = 2});
  std::vector<base::Fd> asking;
  for (int i = 0; i < 20; ++i) {
    asking.push_back(connect());
    say(asking.back(), kGet);
  }
  EXPECT_THAT(all_of(asking.back()), StartsWith("HTTP/1.1 503 "));
  go = true;
  go.notify_all();
  EXPECT_THAT(all_of(asking.front()), HasSubstr("path /x\n"));
}

TEST_F(HttpServer, AHeadHasABound) {
  serve(echo);
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(8200, 'x')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServer, WhatIsNoRequestIsNoAnswer) {
  serve(echo);
  EXPECT_THAT(ask("rubbish\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask("GET /old HTTP/1.0\r\n\r\n"), HasSubstr("path /old\n"));
}

TEST_F(HttpServer, AnotherNameIsRefusedWithTheReason) {
  serve(echo);
  std::string answer = ask("GET /status HTTP/1.1\r\nHost: rebound.example:9879\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 421 "));
  EXPECT_THAT(answer, HasSubstr("DNS rebinding"));
}

TEST(HttpHost, OnLoopbackOnlyLoopbackIsExpected) {
  const base::Ip loopback = *base::parse_ip("127.0.0.1"), v6_loopback = *base::parse_ip("::1"), other = *base::parse_ip("192.0.2.7");
  for (const char* host : {"127.0.0.1", "127.0.0.1:9879", "localhost", "LocalHost:80", "[::1]", "[::1]:9879"}) {
    EXPECT_TRUE(is_expected_host(host, loopback)) << host;
    EXPECT_TRUE(is_expected_host(host, v6_loopback)) << host;
    EXPECT_TRUE(is_expected_host(host, other)) << host;
  }
  for (const char* host : {"192.0.2.7", "192.0.2.9:9879", "[2001:db8::1]:80"}) {
    EXPECT_FALSE(is_expected_host(host, loopback)) << host;
    EXPECT_TRUE(is_expected_host(host, other)) << host;
  }
  for (const char* host : {"", ":", ":80", "evil.example", "evil.example:9879", "localhost.evil.example", "127.0.0.1.evil.example",
                           "127.0.0.1:80@evil", "[::1", "::1", "[127.0.0.1]", "localhost:", "node-1", "127.1", "0x7f000001"})
    for (const auto& listening : {loopback, other})
      EXPECT_EQ(is_expected_host(host, listening), std::string_view(host) == "localhost:") << host;
}

}  // namespace
}  // namespace io::http
