#include "io/kube/status_patches.h"

#include <algorithm>

#include "io/status_patch.h"

namespace io::kube {

using model::desired::StatusPatch;

namespace {

constexpr base::Millis kFirstPause{200};
constexpr base::Millis kLongestPause{60'000};
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

StatusPatches::StatusPatches(const Connector& connect, model::FactSink sink)
    : connection_(connect()), sink_(std::move(sink)), thread_([this] { write(); }) {}

StatusPatches::~StatusPatches() {
  connection_->stop();
  mailbox_.push(Stop{});
  thread_.join();
}

base::Result<std::vector<StatusPatch>> StatusPatches::list() { return std::vector<StatusPatch>(); }

base::Result<void> StatusPatches::put(const StatusPatch& row, const StatusPatch*) {
  mailbox_.push(row);
  return {};
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
  if (answer.ok()) {
    waiting_.erase(key);
    return report(key, std::nullopt);
  }
  if (is_passing(answer.status)) return try_again(key, text_of(answer), answer.retry_after);
  const std::string subject = name_of(waiting.row);
  if (answer.status != 403) {
    waiting_.erase(key);
    return report(key, model::Problem{subject, "its status was refused: " + text_of(answer),
                                      "look at the object; it is tried again when the object is read anew"});
  }
  // The right may be given at any time, and nothing would tell.
  waiting.due = base::boot_now() + pause(UINT32_MAX);
  report(key, model::Problem{subject,
                             "its status cannot be written for want of the verb patch on " + waiting.row.resource + "/status (" +
                                 text_of(answer) + ")",
                             "apply machineconfig/manifests/rbac.yaml"});
}

void StatusPatches::try_again(const std::string& key, const std::string& reason, std::optional<base::Millis> retry_after) {
  Waiting& waiting = waiting_.at(key);
  const base::BootTime now = base::boot_now();
  waiting.due = now + pause(++waiting.failures);
  if (retry_after) server_busy_until_ = now + *retry_after;
  if (waiting.failures >= kFailuresToReport)
    report(key, model::Problem{name_of(waiting.row), "its status is not written yet: " + reason, "it is tried again"});
}

// What is said already is not said again.
void StatusPatches::report(const std::string& key, std::optional<model::Problem> problem) {
  const auto said = reported_.find(key);
  if (problem ? said != reported_.end() && said->second == *problem : said == reported_.end()) return;
  model::Fact fact;
  fact.changes.push_back(problem ? model::put_problem(model::Origin::kStatusPatches, key, *problem)
                                 : model::gone_problem(model::Origin::kStatusPatches, key));
  if (problem)
    reported_.insert_or_assign(key, std::move(*problem));
  else
    reported_.erase(said);
  sink_(std::move(fact));
}

// Doubled with each failure, less up to a half at random, so that the nodes of a cluster do not come back all at once.
base::Millis StatusPatches::pause(uint32_t failures) {
  const base::Millis longest = std::min(kFirstPause * (1u << std::min(failures - 1, 10u)), kLongestPause);
  return longest - base::Millis(static_cast<int64_t>(random_() % static_cast<uint64_t>(longest.count() / 2)));
}

}  // namespace io::kube
