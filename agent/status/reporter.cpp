#include "status/reporter.h"

#include <spdlog/spdlog.h>

#include "io/files/files.h"
#include "status/summary.h"

namespace status {
namespace {

constexpr base::Millis kLook{250};
constexpr base::Millis kFileEvery{10'000};
constexpr base::Millis kSummaryEvery{600'000};

// Which checks fail.
std::string names_of(const std::vector<Check>& checks) {
  std::string failing;
  for (const auto& check : checks)
    if (!check.ok) failing += " " + check.name;
  return failing;
}

std::string reasons_of(const std::vector<Check>& checks) {
  std::string failing;
  for (const auto& check : checks)
    if (!check.ok) failing += check.name + ": " + check.text + "\n";
  return failing;
}

void log_health(const std::vector<Check>& checks) {
  if (ready(checks)) return spdlog::info("node ready");
  spdlog::warn("node not ready, failing:{}", names_of(checks));
}

}  // namespace

ReportSchedule::Due ReportSchedule::next(const std::vector<Check>& checks, uint64_t problems_revision, base::BootTime now) {
  std::string health = names_of(checks), reasons = reasons_of(checks);
  Due due;
  due.health_changed = first_ || health != last_health_;
  due.file = due.health_changed || reasons != last_reasons_ || problems_revision != last_problems_ || now - last_file_ >= kFileEvery;
  due.summary = first_ || now - last_summary_ >= kSummaryEvery;
  last_health_ = std::move(health);
  last_reasons_ = std::move(reasons);
  last_problems_ = problems_revision;
  if (due.file) last_file_ = now;
  if (due.summary) last_summary_ = now;
  first_ = false;
  return due;
}

Reporter::Reporter(std::string run_dir, const model::PublishedCell& cell, UseCache& use)
    : path_(std::move(run_dir) + "/status"), cell_(cell), use_(use) {}

Reporter::~Reporter() { stop(); }

base::Result<void> Reporter::start() {
  return thread_.start([this] { loop(); });
}

void Reporter::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_one();
  thread_.join();
}

void Reporter::loop() {
  std::unique_lock lock(mutex_);
  do look();
  while (!stopping_.wait_for(lock, kLook, [this] { return stop_; }));
}

void Reporter::look() {
  auto published = cell_.load();
  if (!published) return;
  auto checks = readiness(*published);
  uint64_t problems =
      published->problems.revision() + published->conflicts.revision() + published->snapshot.table<model::Problem>().revision();
  auto due = schedule_.next(checks, problems, base::boot_now());
  if (due.health_changed) log_health(checks);
  if (!due.file && !due.summary && !remarks_.waiting()) return;
  Summary summary = summarize(*published, base::boot_now(), look_around(published->snapshot.identity.bpf_root, use_));
  for (const auto& line : remarks_.due(summary_faults(summary), base::boot_now())) spdlog::warn("{}", line);
  if (due.summary) spdlog::info("{}", summary_line(summary));
  if (!due.file && !due.summary) return;
  auto written = io::files::write_file(path_, summary_text(summary));
  if (!written.ok() && !write_failed_) spdlog::warn("{}", written.error().text);
  write_failed_ = !written.ok();
}

}  // namespace status
