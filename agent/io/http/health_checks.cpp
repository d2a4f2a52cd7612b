#include "io/http/health_checks.h"

#include <sys/resource.h>

namespace io::http {
namespace {

// Each answer is a few hundred bytes and made in microseconds.
constexpr ServerLimits kLimits{
    .connections = 256, .workers = 0, .unsent_bytes = 1 << 20, .to_ask = base::Millis(5'000), .to_take_it = base::Millis(5'000)};

// The other half is for all else that the agent does, /status among it.
size_t half_of_descriptors() {
  rlimit files{};
  return ::getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur / 2 : 0;
}

std::string subject(const model::desired::HealthCheck& row) {
  return row.service.empty() ? "health of the node" : "health check of Service " + row.service;
}

}  // namespace

HealthChecks::HealthChecks(Answer answer)
    : answer_(std::move(answer)),
      most_(half_of_descriptors()),
      server_([this](const Request& request) { return this->answer(request); }, kLimits, Clients::kAnybody) {}

base::Result<std::vector<model::desired::HealthCheck>> HealthChecks::list() {
  std::lock_guard lock(mutex_);
  std::vector<HealthCheck> rows;
  for (const auto& [key, row] : rows_) rows.push_back(*row);
  return rows;
}

base::Result<void> HealthChecks::put(const HealthCheck& row, const HealthCheck*) {
  bool listens = false;
  {
    std::lock_guard lock(mutex_);
    auto [place, inserted] = rows_.insert_or_assign(row.key(), std::make_shared<const HealthCheck>(row));
    listens = !inserted;
  }
  if (listens) return {};
  auto opened = open(row);
  if (opened.ok()) return {};
  std::lock_guard lock(mutex_);
  rows_.erase(row.key());
  return base::with_context(opened.error(), subject(row));
}

base::Result<void> HealthChecks::open(const HealthCheck& row) {
  if (rows_.size() > most_)
    return base::Error{EMFILE,
                       "half of the " + std::to_string(2 * most_) + " descriptors that this process may have are listeners already"};
  auto port = server_.start(row.key());
  if (!port.ok() && !(port.error().code == EAFNOSUPPORT && row.address.is_unspecified())) return port.error();
  return {};
}

base::Result<void> HealthChecks::remove(const HealthCheck& actual) {
  server_.stop(actual.key());
  std::lock_guard lock(mutex_);
  rows_.erase(actual.key());
  return {};
}

Response HealthChecks::answer(const Request& request) const {
  std::shared_ptr<const HealthCheck> row;
  {
    std::lock_guard lock(mutex_);
    if (auto found = rows_.find(request.listener); found != rows_.end()) row = found->second;
  }
  return row ? answer_(*row, request) : Response{503, "text/plain; charset=utf-8", "nothing is asked for here any more\n"};
}

}  // namespace io::http
