// HTTP/1.1 from bytes, however they are cut.
#include <gmock/gmock.h>

#include "io/kube/response.h"

namespace io::kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string head(const std::string& fields) { return "HTTP/1.1 200 OK\r\n" + fields + "\r\n"; }

struct Outcome {
  std::string content;
  bool ended = false;
  std::string error = "";

  bool operator==(const Outcome&) const = default;
};
void PrintTo(const Outcome& outcome, std::ostream* to) { *to << outcome.content << " ended " << outcome.ended << " " << outcome.error; }

Outcome feed(const std::string& fields, const std::string& bytes, size_t step) {
  Outcome outcome;
  Body body(*parse_head(head(fields)));
  for (size_t at = 0; at < bytes.size(); at += step) {
    std::string_view part = std::string_view(bytes).substr(at, step);
    const auto fed = body.feed(part, [&](std::string_view piece) {
      outcome.content += piece;
      return true;
    });
    if (!fed.ok()) {
      outcome.error = fed.error().text;
      return outcome;
    }
  }
  outcome.ended = body.ended();
  return outcome;
}

TEST(IoKubeResponse, TheHeadIsRead) {
  const auto parsed = parse_head("HTTP/1.1 429 Too Many Requests\r\nCONTENT-LENGTH: 12\r\nretry-after:  3 \r\nDate: x\r\n\r\n");

  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->status, 429);
  EXPECT_EQ(parsed->length, 12u);
  EXPECT_EQ(parsed->retry_after, base::Millis(3s));
  EXPECT_TRUE(parsed->keep_alive);
  EXPECT_FALSE(parsed->chunked);
}

TEST(IoKubeResponse, AHeadThatIsNotWholeHasNoLength) {
  EXPECT_EQ(head_length("HTTP/1.1 200 OK\r\nA: b\r\n"), std::string::npos);
  EXPECT_EQ(head_length("HTTP/1.1 200 OK\r\n\r\nbody"), 19u);
}

TEST(IoKubeResponse, ARetryAfterThatIsADateIsNotRead) {
  for (const char* long_time : {"61", "999999999", "99999999999999999999"})
    EXPECT_EQ(parse_head(head("Retry-After: " + std::string(long_time) + "\r\n"))->retry_after, kLongestRetryAfter) << long_time;
  EXPECT_EQ(parse_head(head("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n"))->retry_after, std::nullopt);
}

TEST(IoKubeResponse, ChunksAreJoinedHoweverTheyAreCut) {
  const std::string bytes = "5\r\nhello\r\n00A;x=\"y\"\r\n wide wide\r\n6 \r\n world\r\n0\r\nTrailer: x\r\n\r\n";

  for (size_t step = 1; step <= bytes.size(); ++step)
    EXPECT_EQ(feed("Transfer-Encoding: chunked\r\n", bytes, step), (Outcome{"hello wide wide world", true})) << step;
}

TEST(IoKubeResponse, ALengthIsKept) {
  EXPECT_EQ(feed("Content-Length: 5\r\n", "hello", 2), (Outcome{"hello", true}));
  EXPECT_EQ(feed("Content-Length: 5\r\n", "hell", 2), (Outcome{"hell", false}));
  EXPECT_TRUE(Body(*parse_head(head("Content-Length: 0\r\n"))).ended());
  EXPECT_TRUE(Body(*parse_head("HTTP/1.1 204 No Content\r\n\r\n")).ended());
}

TEST(IoKubeResponse, WhatComesBehindTheBodyIsLeft) {
  Body body(*parse_head(head("Content-Length: 2\r\n")));
  std::string_view bytes = "abHTTP/1.1";

  const auto fed = body.feed(bytes, [](std::string_view) { return true; });

  EXPECT_EQ(*fed, Body::Next::kEnd);
  EXPECT_EQ(bytes, "HTTP/1.1");
}

TEST(IoKubeResponse, WithoutLengthTheConnectionsEndIsTheBodys) {
  const Body body(*parse_head(head("")));

  EXPECT_TRUE(body.ends_with_connection());
  EXPECT_FALSE(parse_head(head(""))->keep_alive);
  EXPECT_EQ(feed("", "abc", 1), (Outcome{"abc", false}));
}

TEST(IoKubeResponse, BrokenHeadsAreErrors) {
  for (const char* text : {"", "\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1",
                           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"}) {
    const auto parsed = parse_head(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, EPROTO);
  }
}

TEST(IoKubeResponse, BrokenChunksAreErrors) {
  for (const std::string bytes : {"x\r\n", "\r\n", "-1\r\n", "10000000000000000\r\n", "1\r\nab\r\n"})
    EXPECT_THAT(feed("Transfer-Encoding: chunked\r\n", bytes, 1).error, HasSubstr("not an HTTP/1.1 response")) << bytes;
  EXPECT_THAT(feed("Transfer-Encoding: chunked\r\n", std::string(1 << 20, '0'), 4096).error, HasSubstr("line"));
}

}  // namespace
}  // namespace io::kube
