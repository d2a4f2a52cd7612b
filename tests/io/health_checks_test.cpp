// Health checks with real sockets on loopback: what clients of all kinds get, and what a row changes.
#include "io/http/health_checks.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/fd.h"
#include "base/ip.h"
#include "io/http/client.h"

namespace io::http {
namespace {

using model::desired::HealthCheck;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: lb.example\r\n\r\n";

Response say_count(const HealthCheck& row, const Request& request) {
  return {row.local_endpoints ? 200 : 503,
          "application/json",
          row.service + " " + std::to_string(row.local_endpoints) + " " + request.path + "\n",
          {{"X-Load-Balancing-Endpoint-Weight", std::to_string(row.local_endpoints)}}};
}

// A port that was free a moment ago.
uint16_t free_port() {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

class HealthChecksTest : public testing::Test {
 protected:
  HealthCheck row(uint32_t endpoints, const std::string& address = "127.0.0.1") const {
    return {.address = *base::parse_ip(address), .port = port_, .service = "default/web", .local_endpoints = endpoints};
  }
  void put(const HealthCheck& row) {
    auto result = checks_.put(row, nullptr);
    ASSERT_TRUE(result.ok()) << result.error().text;
  }
  base::Fd connect(const char* address = "127.0.0.1") const {
    const base::Ip ip = *base::parse_ip(address);
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port_), .sin_addr = {ip.v4_be()}, .sin_zero = {}};
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return {};
    return socket;
  }
  static bool say(const base::Fd& socket, std::string_view text) {
    return ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  static std::string all_of(const base::Fd& socket) {
    std::string text;
    char buffer[4096];
    for (ssize_t length; (length = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) text.append(buffer, static_cast<size_t>(length));
    return text;
  }
  std::string ask(std::string_view text, const char* address = "127.0.0.1") const {
    base::Fd socket = connect(address);
    EXPECT_TRUE(socket && say(socket, text));
    return all_of(socket);
  }

  uint16_t port_ = free_port();
  HealthChecks checks_{say_count};
};

TEST_F(HealthChecksTest, TheAnswerFollowsTheRowAtOnceByTheSameListener) {
  put(row(2));
  const std::string before = ask(kGet);
  EXPECT_THAT(before, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(before, HasSubstr("\r\nX-Load-Balancing-Endpoint-Weight: 2\r\n"));
  EXPECT_THAT(before, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(before, HasSubstr("\r\nContent-Type: application/json\r\n"));
  base::Fd early = connect();
  for (uint32_t count : {0, 3}) {
    put(row(count));
    EXPECT_THAT(ask(kGet), HasSubstr("\r\n\r\ndefault/web " + std::to_string(count) + " /\n"));
  }
  put(row(0));
  ASSERT_TRUE(say(early, kGet));  // who came before the change and asks after it
  EXPECT_THAT(all_of(early), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(*checks_.list(), ElementsAre(row(0)));
}

TEST_F(HealthChecksTest, NobodyListensAfterItsRow) {
  put(row(1));
  ASSERT_TRUE(checks_.remove(row(1)).ok());
  EXPECT_FALSE(connect());
  EXPECT_TRUE(checks_.list()->empty());
  put(row(4));  // the port was free at once
  EXPECT_THAT(ask(kGet), HasSubstr("default/web 4"));
}

TEST_F(HealthChecksTest, APortThatIsTakenIsNamedWithItsServiceAndHarmsNoOther) {
  put(row(1));
  HealthChecks second(say_count);
  auto taken = second.put(row(1), nullptr);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().text,
            "health check of Service default/web: HTTP on 127.0.0.1:" + std::to_string(port_) + ": Address already in use");
  EXPECT_TRUE(second.list()->empty());
  HealthCheck node{.address = *base::parse_ip("127.0.0.1"), .port = port_};
  EXPECT_THAT(second.put(node, nullptr).error().text, StartsWith("health of the node: HTTP on "));

  ASSERT_TRUE(second.put(row(7, "127.0.0.2"), nullptr).ok());
  EXPECT_THAT(ask(kGet, "127.0.0.2"), HasSubstr("default/web 7"));
  EXPECT_THAT(ask(kGet), HasSubstr("default/web 1"));
  ASSERT_TRUE(checks_.remove(row(1)).ok());
  EXPECT_TRUE(second.put(row(1), nullptr).ok());  // tried again
}

TEST_F(HealthChecksTest, AllAddressesOfBothFamiliesAreOneListenerEach) {
  put(row(1, "0.0.0.0"));
  put(row(1, "::"));
  EXPECT_THAT(ask(kGet, "127.0.0.1"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(kGet, "127.0.0.9"), StartsWith("HTTP/1.1 200 "));
  auto v6 = get("[::1]:" + std::to_string(port_), "/x");
  ASSERT_TRUE(v6.ok()) << v6.error().text;
  EXPECT_EQ(v6->body, "default/web 1 /x\n");
}

TEST_F(HealthChecksTest, AnAddressThatTheNodeDoesNotHaveIsAnError) {
  EXPECT_THAT(checks_.put(row(1, "192.0.2.77"), nullptr).error().text, HasSubstr("Cannot assign requested address"));
  EXPECT_TRUE(checks_.list()->empty());
}

TEST_F(HealthChecksTest, AnyPathMethodAndNameIsAnswered) {
  put(row(1));
  EXPECT_THAT(ask("GET /any/path?x=1 HTTP/1.1\r\nHost: evil.example\r\n\r\n"), HasSubstr("default/web 1 /any/path\n"));
  EXPECT_THAT(ask("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  const std::string head = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HealthChecksTest, WhatIsBrokenOrHugeIsRefusedAndTheNextIsAnswered) {
  put(row(1));
  EXPECT_THAT(ask("rubbish\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nno colon\r\n\r\n"), StartsWith("HTTP/1.1 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nX: " + std::string(8200, 'x')), StartsWith("HTTP/1.1 431 "));
  ask(std::string(8000, '\0') + "\r\n\r\n");
  ask(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15));  // who speaks TLS
  ask("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(ask(kGet), HasSubstr("default/web 1"));
}

// As many as descriptors allow here; those who ask are answered among them, and the server holds no more than its limit.
TEST_F(HealthChecksTest, ThousandsOfSlowClientsKeepNobodyOut) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 12'000);
  ::setrlimit(RLIMIT_NOFILE, &files);
  put(row(1));
  std::vector<base::Fd> slow;
  const size_t many = std::min<size_t>(10'000, files.rlim_cur - 1'000);
  for (size_t i = 0; i < many; ++i) {
    slow.push_back(connect());
    if (!slow.back()) break;
    if (i % 2 == 0) say(slow.back(), "GET / HTT");
    if (i % 1'000 == 999) {
      EXPECT_THAT(ask(kGet), HasSubstr("default/web 1")) << i;
    }
  }
  EXPECT_EQ(slow.size(), many);
  size_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    sockaddr_in own{}, peer{};
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    const int fd = std::stoi(entry.path().filename());
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) continue;
    open += ntohs(own.sin_port) == port_ && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
  }
  EXPECT_LE(open, 256u);
}

TEST_F(HealthChecksTest, ListenersLeaveHalfOfTheDescriptors) {
  rlimit files{}, few{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  few = {64, files.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  HealthChecks limited(say_count);
  size_t opened = 0;
  base::Result<void> last;
  for (int i = 1; i < 64 && last.ok(); ++i) {
    last = limited.put(row(1, "127.0.1." + std::to_string(i)), nullptr);
    opened += last.ok();
  }
  ::setrlimit(RLIMIT_NOFILE, &files);
  EXPECT_EQ(opened, 32u);
  EXPECT_THAT(last.error().text, HasSubstr("half of the 64 descriptors"));
}

}  // namespace
}  // namespace io::http
