#include "status/metrics.h"

#include "abi/drop_reasons.h"
#include "status/metrics_text.h"
#include "status/pressure.h"
#include "status/readiness.h"
#include "status/summary.h"
#include "status/version.h"

namespace status {
namespace {

using io::kernel::PacketCounters;

constexpr base::Millis kSaidAgainFor{1'000};

void write_process(MetricsText& text, const io::kernel::ProcessUse& process) {
  text.family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
  text.sample(process.cpu_seconds);
  text.family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
  text.sample(process.resident_bytes);
  text.family("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.");
  text.sample(process.virtual_bytes);
  text.family("process_open_fds", "gauge", "Number of open file descriptors.");
  text.sample(process.open_descriptors);
  text.family("process_max_fds", "gauge", "Maximum number of open file descriptors.");
  text.sample(process.most_descriptors);
  text.family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
  text.sample(process.started);
}

// kube-proxy's names and help texts. A pass follows both families at once, so what is said of passes has no label ip_family.
void write_service_sync(MetricsText& text, const model::ServiceSync& sync) {
  text.family("kubeproxy_network_programming_duration_seconds", "histogram", "In Cluster Network Programming Latency in seconds");
  for (auto family : {base::Family::kIpv4, base::Family::kIpv6})
    text.histogram({{"ip_family", base::family_name(family)}}, sync.programming[static_cast<size_t>(family)]);
  text.family("kubeproxy_sync_proxy_rules_duration_seconds", "histogram", "SyncProxyRules latency in seconds");
  text.histogram({}, sync.passes);
  text.family("kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge", "The last time proxy rules were successfully synced");
  text.sample(sync.last_sync);
  text.family("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge", "The last time a sync of proxy rules was queued");
  text.sample(sync.last_change);
  text.family("kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter", "Cumulative proxy rules Endpoint changes");
  text.sample(sync.endpoint_changes);
  text.family("kubeproxy_sync_proxy_rules_service_changes_total", "counter", "Cumulative proxy rules Service changes");
  text.sample(sync.service_changes);
}

void write_packets(MetricsText& text, const PacketCounters& packets) {
  text.family("ichor_drops_total", "counter", "Packets or calls that were ended, by reason; /status says what to do.");
#define X(identifier, name, remedy) text.sample({{"reason", name}}, packets.drops[identifier]);
  DROP_REASONS(X)
#undef X
  text.family("ichor_deliveries_total", "counter", "Packets that came to pods of this node, by way.");
  text.sample({{"way", "from_uplink"}}, packets.deliveries[DELIVERED_FROM_UPLINK]);
  text.sample({{"way", "from_pod"}}, packets.deliveries[DELIVERED_FROM_POD]);
  text.sample({{"way", "by_stack"}}, packets.deliveries[DELIVERED_BY_STACK]);
}

void write_pressure(MetricsText& text, const Pressure& pressure) {
  text.family("ichor_table_entries", "gauge", "Entries in a table of the datapath, counted within the last seconds.");
  for (const auto& table : pressure.tables) text.sample({{"table", table.map}}, table.entries);
  text.family("ichor_table_capacity", "gauge", "Entries that a table of the datapath has room for.");
  for (const auto& table : pressure.tables) text.sample({{"table", table.map}}, table.room);
  text.family("ichor_nat_busiest_destination_ports", "gauge",
              "Ports that translated sources have towards the destination with most of them.");
  text.sample(uint64_t{pressure.nat ? pressure.nat->busiest.ports : 0});
  if (!pressure.nat || !pressure.nat->room) return;
  text.family("ichor_nat_destination_ports", "gauge", "Ports that translated sources can have towards one destination.");
  text.sample(uint64_t{pressure.nat->room});
}

void write_engine(MetricsText& text, const model::EngineCounters& counters) {
  text.family("ichor_engine_passes_total", "counter", "Turns of the engine's loop.");
  text.sample(counters.passes);
  text.family("ichor_planner_calls_total", "counter", "Calls of planners.");
  text.sample(counters.planner_calls);
  text.family("ichor_writes_total", "counter", "Things written to the kernel or to disk, or removed there.");
  text.sample(counters.writes);
  text.family("ichor_failed_writes_total", "counter", "Attempts to do so that failed.");
  text.sample(counters.failed_writes);
}

void write_summary(MetricsText& text, const Summary& summary) {
  text.family("ichor_check", "gauge", "1 where a check of readiness passes; /readyz says why not.");
  for (const auto& check : summary.checks) text.sample({{"check", check.name}}, uint64_t{check.ok});
  text.family("ichor_problems", "gauge", "Problems that /status tells of.");
  text.sample(uint64_t{summary.problems.size()});
  text.family("ichor_effects", "gauge", "Things that are wanted in the kernel or on disk, by what became of them; get effects lists them.");
  text.sample({{"state", "done"}}, uint64_t{summary.done});
  text.sample({{"state", "pending"}}, uint64_t{summary.pending});
  text.sample({{"state", "failed"}}, uint64_t{summary.failures.size()});
  write_engine(text, summary.counters);
  if (summary.surroundings.packets) write_packets(text, *summary.surroundings.packets);
  if (summary.pressure) write_pressure(text, *summary.pressure);
}

}  // namespace

std::string metrics_text(const model::Published* published, bool alive, const io::kernel::ProcessUse& process, Surroundings surroundings) {
  MetricsText text;
  text.family("ichor_build_info", "gauge", "1, and the version of this agent.");
  text.sample({{"version", version()}}, uint64_t{1});
  text.family("ichor_ready", "gauge", "1 where /readyz says so.");
  text.sample(uint64_t{published && alive && ready(readiness(*published))});
  write_process(text, process);
  if (!published) return text.take();
  write_service_sync(text, published->service_sync);
  write_summary(text, summarize(*published, published->snapshot.now, std::move(surroundings)));
  return text.take();
}

io::http::Response MetricsAnswers::answer(const io::http::Request& request, const MetricsMoment& moment) {
  if (request.path != "/metrics") return {404, "text/plain; charset=utf-8", "nothing here; there is: /metrics\n", {}};
  std::lock_guard lock(mutex_);
  if (moment.now >= until_) {
    const model::Published* published = moment.published.get();
    Surroundings around = published ? look_around(published->snapshot.identity.bpf_root, moment.use) : Surroundings{};
    text_ = metrics_text(published, moment.alive, io::kernel::own_use(), std::move(around));
    until_ = moment.now + kSaidAgainFor;
  }
  return {200, kMetricsType, text_, {}};
}

}  // namespace status
