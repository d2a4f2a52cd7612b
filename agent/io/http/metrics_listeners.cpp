#include "io/http/metrics_listeners.h"

namespace io::http {
namespace {

// An answer is some tens of kilobytes. Scrapers wait for 10 s if nothing else is said.
constexpr ServerLimits kMetricsLimits{.connections = 32,
                                      .workers = 1,
                                      .queue = 4,
                                      .unsent_bytes = 4 << 20,
                                      .to_ask = base::Millis(5'000),
                                      .to_take_it = base::Millis(10'000)};

}  // namespace

MetricsListeners::MetricsListeners(Answer answer) : server_(std::move(answer), kMetricsLimits, Clients::kAnybody) {}

base::Result<std::vector<model::desired::MetricsListener>> MetricsListeners::list() {
  std::vector<MetricsListener> rows;
  for (const auto& [key, row] : rows_) rows.push_back(row);
  return rows;
}

base::Result<void> MetricsListeners::put(const MetricsListener& row, const MetricsListener*) {
  if (rows_.contains(row.key())) return {};
  auto port = server_.start(row.key());
  if (!port.ok() && !(port.error().code == EAFNOSUPPORT && row.address.is_unspecified()))
    return base::with_context(port.error(), "metrics (prometheus.port)");
  rows_.emplace(row.key(), row);
  return {};
}

base::Result<void> MetricsListeners::remove(const MetricsListener& actual) {
  server_.stop(actual.key());
  rows_.erase(actual.key());
  return {};
}

}  // namespace io::http
