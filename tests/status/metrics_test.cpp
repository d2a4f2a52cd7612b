#include "status/metrics.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include <cstdlib>
#include <fstream>

#include "abi/drop_reasons.h"
#include "status/metrics_text.h"
#include "status/version.h"
#include "support/published_sample.h"
#include "support/temporary_directory.h"

namespace status {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr io::kernel::ProcessUse kProcess{.cpu_seconds = 1.25,
                                          .started = 1'700'000'000.5,
                                          .resident_bytes = 12'582'912,
                                          .virtual_bytes = 1 << 28,
                                          .open_descriptors = 40,
                                          .most_descriptors = 1024};

Surroundings around() {
  Surroundings around;
  around.packets = io::kernel::PacketCounters{std::vector<uint64_t>(DROP_REASON_COUNT), {7, 8, 9}};
  around.packets->drops[DROP_NO_NAT_PORT] = 12;
  io::kernel::Use use;
  use.maps = {{"affinities", 10, 100, true, true}, {"flows", 95, 100, false, true}};
  use.busiest = io::kernel::NatUse{support::ip("192.0.2.1"), support::ip("198.51.100.7"), 443, IPPROTO_TCP, 123};
  around.use = std::make_shared<const io::kernel::Use>(use);
  return around;
}

TEST(StatusMetricsText, LabelsAndHelpAreEscaped) {
  MetricsText text;
  text.family("ichor_x", "gauge", "one \\ two\n\"three\"");
  text.sample({{"a", "back\\slash \"quoted\"\nline"}, {"b", "\xc3\xa4"}}, uint64_t{7});
  text.sample(0.1);
  text.sample(1e300);

  EXPECT_EQ(text.take(),
            "# HELP ichor_x one \\\\ two\\n\"three\"\n# TYPE ichor_x gauge\n"
            "ichor_x{a=\"back\\\\slash \\\"quoted\\\"\\nline\",b=\"\xc3\xa4\"} 7\nichor_x 0.1\nichor_x 1e+300\n");
}

TEST(StatusMetricsText, AHistogramsBucketsAddUp) {
  static constexpr std::array<double, 2> kBounds{0.5, 2};
  model::Histogram<kBounds> histogram;
  for (double value : {0.5, 1.0, 1.5, 9.0}) histogram.observe(value);
  MetricsText text;
  text.family("h", "histogram", "x");
  text.histogram({{"ip_family", "IPv4"}}, histogram);

  EXPECT_THAT(text.take(), HasSubstr("h_bucket{ip_family=\"IPv4\",le=\"0.5\"} 1\nh_bucket{ip_family=\"IPv4\",le=\"2\"} 3\n"
                                     "h_bucket{ip_family=\"IPv4\",le=\"+Inf\"} 4\nh_sum{ip_family=\"IPv4\"} 12\n"
                                     "h_count{ip_family=\"IPv4\"} 4\n"));
}

TEST(StatusMetrics, SayWhatStatusSays) {
  auto published = support::a_quiet_node();
  published.service_sync.of(base::Family::kIpv6).observe(0.3);
  published.service_sync.service_changes = 5;
  published.service_sync.last_sync = 1'700'000'001.25;
  published.counters = {11, 12, 13, 14};

  const std::string text = metrics_text(&published, true, kProcess, around());

  for (const std::string& line :
       std::vector<std::string>{"ichor_build_info{version=\"" + version() + "\"} 1\n",
                                "ichor_ready 1\n",
                                "ichor_check{check=\"canary_from_pod\"} 1\n",
                                "ichor_problems 1\n",  // the table of flows
                                "ichor_drops_total{reason=\"no_nat_port\"} 12\n",
                                "ichor_drops_total{reason=\"flow_clash\"} 0\n",
                                "ichor_deliveries_total{way=\"from_pod\"} 8\n",
                                "ichor_table_entries{table=\"flows\"} 95\n",
                                "ichor_table_capacity{table=\"flows\"} 100\n",
                                "ichor_nat_busiest_destination_ports 123\n",
                                "ichor_failed_writes_total 14\n",
                                "ichor_effects{state=\"done\"} 11\n",
                                "process_cpu_seconds_total 1.25\n",
                                "process_resident_memory_bytes 12582912\n",
                                "process_start_time_seconds 1700000000.5\n",
                                "process_max_fds 1024\n",
                                "kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"0.25\"} 0\n",
                                "kubeproxy_network_programming_duration_seconds_bucket{ip_family=\"IPv6\",le=\"0.5\"} 1\n",
                                "kubeproxy_network_programming_duration_seconds_count{ip_family=\"IPv4\"} 0\n",
                                "kubeproxy_sync_proxy_rules_service_changes_total 5\n",
                                "kubeproxy_sync_proxy_rules_last_timestamp_seconds 1700000001.25\n"})
    EXPECT_THAT(text, HasSubstr("\n" + line));
  EXPECT_THAT(metrics_text(&published, false, kProcess, around()), HasSubstr("\nichor_ready 0\n")) << "the engine's loop stands";
}

TEST(StatusMetrics, AnAgentThatHasJustStartedHasThoseOfTheProcess) {
  const std::string text = metrics_text(nullptr, true, kProcess, {});

  EXPECT_THAT(text, HasSubstr("\nichor_ready 0\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_open_fds 40\n"));
  EXPECT_THAT(text, Not(HasSubstr("kubeproxy_")));
}

TEST(StatusMetrics, NothingElseIsAnswered) {
  UseCache use;
  MetricsAnswers answers;
  EXPECT_EQ(answers.answer({"/status", {}, "", ""}, {nullptr, true, base::BootTime(1'000), use}).status, 404);
  auto response = answers.answer({"/metrics", {}, "", ""}, {nullptr, true, base::BootTime(1'000), use});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(StatusMetrics, WhoAsksAllTheTimeHearsTheSameForASecond) {
  UseCache use;
  MetricsAnswers answers;
  auto published = std::make_shared<const model::Published>(support::a_quiet_node());
  auto at = [&](int64_t ms, bool alive) {
    return answers.answer({"/metrics", {}, "", ""}, {published, alive, base::BootTime(ms), use}).body;
  };
  const std::string first = at(1'000, true);

  EXPECT_THAT(first, HasSubstr("\nichor_ready 1\n"));
  EXPECT_EQ(at(1'999, false), first);
  EXPECT_THAT(at(2'000, false), HasSubstr("\nichor_ready 0\n"));
}

TEST(StatusMetrics, PromtoolFindsNothingToComplainOf) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "no promtool here: hack/deps installs it";
  auto published = support::a_quiet_node();
  support::TemporaryDirectory directory;
  const std::string file = directory.path() + "/metrics";
  std::ofstream(file) << metrics_text(&published, true, kProcess, around());

  EXPECT_EQ(std::system(("promtool check metrics <" + file + " >" + file + ".said 2>&1").c_str()), 0)
      << std::string(std::istreambuf_iterator<char>(std::ifstream(file + ".said").rdbuf()), {});
}

}  // namespace
}  // namespace status
