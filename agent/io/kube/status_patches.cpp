#include "io/kube/status_patches.h"

#include <algorithm>

#include "base/backoff.h"
#include "io/status_patch.h"

namespace io::kube {

using model::desired::StatusPatch;

namespace {

constexpr base::Backoff kBackoff{base::Millis(200), base::Millis(60'000)};
// An API server that restarts is no news: only what fails this often in a row is a problem.
constexpr uint32_t kFailuresToReport = 3;
constexpr const char* kContentType = "application/strategic-merge-patch+json";

std::string target_of(const StatusPatch& row) {
  std::string path = row.api_version.find('/') == std::string::npos ? "/api/" : "/apis/";
  path += row.api_version;
  if (!row.ns.empty()) path += "/namespaces/" + row.ns;
  return path + "/" + row.resource + "/" + row.name + "/status";
}

std::string name_of(const StatusPatch& row) { return row.kind + " " + (row.ns.empty() ? "" : row.ns + "/") + row.name; }

std::string text_of(const Answer& answer) {
  return std::to_string(answer.status) + (answer.reason.empty() ? "" : " " + answer.reason) +
         (answer.message.empty() ? "" : ": " + answer.message);
}

// The server may think otherwise of the same patch later: a conflict, too many requests, an error of its own, other credentials.
bool is_passing(int status) { return status < 400 || status == 401 || status == 408 || status == 409 || status == 429 || status >= 500; }

}  // namespace

StatusPatches::StatusPatches(const Connector& connect, model::FactSink sink) : connection_(connect()), sink_(std::move(sink)) {}

StatusPatches::~StatusPatches() {
  connection_->stop();
  if (!thread_.joinable()) return;
  mailbox_.push(Stop{});
  thread_.join();
}

base::Result<std::vector<StatusPatch>> StatusPatches::list() { return std::vector<StatusPatch>(); }

base::Result<void> StatusPatches::put(const StatusPatch& row, const StatusPatch*) {
  TRY(thread_.start([this] { write(); }));
  mailbox_.push(row);
  return base::Error{kUnderWay, "status of " + name_of(row) + ": is on its way to the API server"};
}

base::Result<void> StatusPatches::remove(const StatusPatch& actual) {
  mailbox_.push(Withdrawn{actual.key()});
  return {};
}

// One request between two looks at the mailbox, so that the newest wish is the one that is sent.
void StatusPatches::write() {
  for (;;) {
    for (auto& message : mailbox_.take(next_due()))
      if (!take(std::move(message))) return;
    const auto due = next_due();
    if (!due || *due > base::boot_now()) continue;
    const auto first =
        std::min_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    send(std::string(first->first));
  }
}

bool StatusPatches::take(Message message) {
  if (auto* row = std::get_if<StatusPatch>(&message)) {
    std::string key = row->key();
    waiting_.insert_or_assign(std::move(key), Waiting{std::move(*row)});
  } else if (const auto* withdrawn = std::get_if<Withdrawn>(&message)) {
    waiting_.erase(withdrawn->key);
    report(withdrawn->key, std::nullopt);
  } else {
    return false;
  }
  return true;
}

std::optional<base::BootTime> StatusPatches::next_due() const {
  std::optional<base::BootTime> next;
  for (const auto& [key, waiting] : waiting_)
    if (!next || waiting.due < *next) next = waiting.due;
  return next ? std::optional(std::max(*next, server_busy_until_)) : next;
}

void StatusPatches::send(const std::string& key) {
  const StatusPatch& row = waiting_.at(key).row;
  const std::string body = R"({"status":)" + with_time(row.status, utc_now()) + "}";
  const auto answer = connection_->patch(target_of(row), kContentType, body);
  if (!answer) return try_again(key, answer.error().text, std::nullopt);
  judge(key, *answer);
}

void StatusPatches::judge(const std::string& key, const Answer& answer) {
  Waiting& waiting = waiting_.at(key);
  if (answer.ok()) return conclude(key, {}, std::nullopt);
  if (is_passing(answer.status)) return try_again(key, text_of(answer), answer.retry_after);
  const std::string subject = name_of(waiting.row);
  if (answer.status != 403)
    return conclude(key, base::Error{EINVAL, text_of(answer)},
                    model::Problem{subject, "its status was refused: " + text_of(answer), "look at the object; it is tried again"});
  // The right may be given at any time, and nothing would tell.
  waiting.due = base::boot_now() + kBackoff.with_jitter(UINT32_MAX, random_);
  report(key, model::Problem{subject,
                             "its status cannot be written for want of the verb patch on " + waiting.row.resource + "/status (" +
                                 text_of(answer) + ")",
                             "apply machineconfig/manifests/rbac.yaml"});
}

void StatusPatches::try_again(const std::string& key, const std::string& reason, std::optional<base::Millis> retry_after) {
  Waiting& waiting = waiting_.at(key);
  const base::BootTime now = base::boot_now();
  waiting.due = now + kBackoff.with_jitter(++waiting.failures, random_);
  if (retry_after) server_busy_until_ = now + *retry_after;
  if (waiting.failures >= kFailuresToReport)
    report(key, model::Problem{name_of(waiting.row), "its status is not written yet: " + reason, "it is tried again"});
}

void StatusPatches::conclude(const std::string& key, base::Result<void> result, std::optional<model::Problem> problem) {
  concluded_.push({std::move(waiting_.extract(key).mapped().row), std::move(result)});
  report(key, std::move(problem));
  sink_({});
}

// What is said already is not said again.
void StatusPatches::report(const std::string& key, std::optional<model::Problem> problem) {
  const auto said = reported_.find(key);
  if (problem ? said != reported_.end() && said->second == *problem : said == reported_.end()) return;
  model::Changes changes = {problem ? model::put_problem(model::Origin::kStatusPatches, key, *problem)
                                    : model::gone_problem(model::Origin::kStatusPatches, key)};
  if (problem)
    reported_.insert_or_assign(key, std::move(*problem));
  else
    reported_.erase(said);
  sink_(std::move(changes));
}

}  // namespace io::kube
