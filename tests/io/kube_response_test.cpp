// HTTP/1.1 from bytes, however they are cut.
#include <gmock/gmock.h>
#include <zlib.h>

#include "io/kube/response.h"
#include "support/tls_server.h"

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

std::string gzip(const std::string& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string in_chunk(const std::string& content) { return support::chunk(content) + "0\r\n\r\n"; }

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
  for (const char* text :
       {"", "\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"}) {
    const auto parsed = parse_head(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, EPROTO);
  }
}

const std::string kGzip = "Content-Encoding: gzip\r\n";
const std::string kGzipInChunks = kGzip + "Transfer-Encoding: chunked\r\n";

TEST(IoKubeResponse, GzipContentComesPlainHoweverItIsCut) {
  const std::string bytes = in_chunk(gzip("hello wide world"));

  for (size_t step = 1; step <= bytes.size(); ++step)
    EXPECT_EQ(feed(kGzipInChunks, bytes, step), (Outcome{"hello wide world", true})) << step;
}

TEST(IoKubeResponse, GzipContentLargerThanAnyBufferComesWhole) {
  std::string plain;
  for (int i = 0; plain.size() < (1 << 20); ++i) plain += std::to_string(i) + std::string(300, 'x');

  EXPECT_EQ(feed(kGzipInChunks, in_chunk(gzip(plain)), 16384), (Outcome{plain, true}));
}

TEST(IoKubeResponse, AnEmptyBodyNeedsNoGzipContent) {
  EXPECT_EQ(feed(kGzipInChunks, "0\r\n\r\n", 1), (Outcome{"", true}));
  EXPECT_TRUE(Body(*parse_head(head(kGzip + "Content-Length: 0\r\n"))).ended());
}

TEST(IoKubeResponse, GzipContentThatIsNotWholeIsAnError) {
  const std::string packed = gzip("hello wide world");
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // in the checksum

  for (size_t length = 1; length < packed.size(); ++length)
    EXPECT_THAT(feed(kGzipInChunks, in_chunk(packed.substr(0, length)), 7).error, HasSubstr("ends too early")) << length;
  EXPECT_THAT(feed(kGzipInChunks, in_chunk("{\"plain\":1}"), 3).error, HasSubstr("not gzip content"));
  EXPECT_THAT(feed(kGzipInChunks, in_chunk(damaged), 3).error, HasSubstr("not gzip content"));
  EXPECT_THAT(feed(kGzipInChunks, in_chunk(packed + packed), 3).error, HasSubstr("follows the end"));
}

TEST(IoKubeResponse, TheConnectionsEndEndsNoHalfOfGzipContent) {
  const std::string packed = gzip("hello");
  for (size_t length : {packed.size() - 1, packed.size()}) {
    Body body(*parse_head(head(kGzip)));
    std::string_view bytes = std::string_view(packed).substr(0, length);
    ASSERT_TRUE(body.feed(bytes, [](std::string_view) { return true; }).ok());
    EXPECT_EQ(body.ends_with_connection(), length == packed.size());
  }
}

TEST(IoKubeResponse, ASinkEndsGzipContentToo) {
  Body body(*parse_head(head(kGzip)));
  const std::string packed = gzip("hello");
  std::string_view bytes = packed;

  EXPECT_EQ(*body.feed(bytes, [](std::string_view) { return false; }), Body::Next::kRefused);
}

TEST(IoKubeResponse, BrokenChunksAreErrors) {
  for (const std::string bytes : {"x\r\n", "\r\n", "-1\r\n", "10000000000000000\r\n", "1\r\nab\r\n"})
    EXPECT_THAT(feed("Transfer-Encoding: chunked\r\n", bytes, 1).error, HasSubstr("not an HTTP/1.1 response")) << bytes;
  EXPECT_THAT(feed("Transfer-Encoding: chunked\r\n", std::string(1 << 20, '0'), 4096).error, HasSubstr("line"));
}

}  // namespace
}  // namespace io::kube
