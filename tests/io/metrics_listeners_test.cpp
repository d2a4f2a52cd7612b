// Where metrics are scraped, with real sockets on loopback.
#include "io/http/metrics_listeners.h"

#include <gmock/gmock.h>

#include "io/http/client.h"
#include "io/http/listeners.h"

namespace io::http {
namespace {

using model::desired::MetricsListener;
using testing::HasSubstr;

// A port that was free a moment ago.
uint16_t free_port() {
  Listeners listeners;
  return static_cast<uint16_t>(*listeners.open("127.0.0.1:0"));
}

MetricsListener at(const char* address, uint16_t port) { return {.address = *base::parse_ip(address), .port = port}; }

std::string body(uint16_t port) {
  auto response = get("127.0.0.1:" + std::to_string(port), "/metrics");
  return response.ok() ? response->body : response.error().text;
}

TEST(MetricsListenersTest, ListenWhileTheirRowIsThere) {
  MetricsListeners listeners([](const Request& request) { return Response{200, "text/plain", request.path + " at " + request.listener}; });
  const MetricsListener row = at("127.0.0.1", free_port());
  EXPECT_TRUE(listeners.list()->empty());

  ASSERT_TRUE(listeners.put(row, nullptr).ok());
  ASSERT_TRUE(listeners.put(row, nullptr).ok());
  EXPECT_EQ(*listeners.list(), std::vector{row});
  EXPECT_EQ(body(row.port), "/metrics at " + row.key());

  ASSERT_TRUE(listeners.remove(row).ok());
  EXPECT_TRUE(listeners.list()->empty());
  EXPECT_EQ(get("127.0.0.1:" + std::to_string(row.port), "/metrics").error().code, ECONNREFUSED);
}

TEST(MetricsListenersTest, APortThatIsTakenIsAnErrorThatNamesTheKey) {
  Listeners other;
  const auto port = static_cast<uint16_t>(*other.open("127.0.0.1:0"));
  MetricsListeners listeners([](const Request&) { return Response{}; });

  auto taken = listeners.put(at("127.0.0.1", port), nullptr);

  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().text, testing::AllOf(HasSubstr("prometheus.port"), HasSubstr(":" + std::to_string(port))));
  other.close("127.0.0.1:" + std::to_string(port));
  other.close("127.0.0.1:0");
  EXPECT_TRUE(listeners.put(at("127.0.0.1", port), nullptr).ok()) << "and it is tried again";
}

}  // namespace
}  // namespace io::http
