#include "sources/api_server/health.h"

#include <algorithm>

#include "base/text.h"
#include "model/unwatched.h"
#include "sources/api_server/resources.h"

namespace sources::api_server {
namespace {

constexpr base::Millis kLongUnwatched{60'000};
constexpr base::Millis kWorkingWatch{5'000};  // one that ends earlier has not shown that it works

std::string age_text(int64_t seconds) {
  if (seconds < 0) return "at an unknown time (the clock was set back)";
  if (seconds < 120) return std::to_string(seconds) + " s ago";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min ago";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h ago";
  return std::to_string(seconds / 86400) + " days ago";
}

std::string counts(const Collection& collection) {
  std::vector<std::string> parts;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    size_t count = collection.rows()[kind].size();
    parts.push_back(std::to_string(count) + " " + std::string(resources()[kind].noun) + (count == 1 ? "" : "s"));
  }
  return base::join(parts, ", ");
}

template <class Holds>
size_t kinds_that(Holds holds) {
  size_t count = 0;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) count += holds(kind);
  return count;
}

}  // namespace

void Health::begin(base::BootTime now) {
  for (auto& kind : kinds_) kind.unwatched_since = now;
}

void Health::take(size_t index, const Event& event, base::BootTime now) {
  Kind& kind = kinds_[index];
  if (std::holds_alternative<Answered>(event)) {
    kind.trouble.reset();
    kind.answers = true;
  } else if (std::holds_alternative<Watching>(event)) {
    kind.watching_since = now;
  } else if (std::holds_alternative<Unwatched>(event)) {
    if (kind.watching_since && now - *kind.watching_since >= kWorkingWatch) kind.unwatched_since = now;
    kind.watching_since.reset();
  } else if (const auto* trouble = std::get_if<Trouble>(&event)) {
    kind.trouble = *trouble;
    kind.failed = true;
    kind.answers = !trouble->unreachable;
  }
}

bool Health::is_unwatched(size_t kind, base::BootTime now) const {
  const Kind& state = kinds_[kind];
  return resources()[kind].planned && !state.watching_since && state.unwatched_since && now - *state.unwatched_since >= kLongUnwatched;
}

bool Health::server_answers() const {
  return std::any_of(kinds_.begin(), kinds_.end(), [](const auto& kind) { return kind.answers; });
}

// "services, nodes"; "" most of the time.
std::string Health::unwatched(base::BootTime now) const {
  std::vector<std::string> names;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (is_unwatched(kind, now)) names.emplace_back(resources()[kind].name);
  return base::join(names, ", ");
}

std::optional<base::BootTime> Health::next_change(base::BootTime now) const {
  std::optional<base::BootTime> next;
  for (const auto& kind : kinds_) {
    if (kind.watching_since || !kind.unwatched_since) continue;
    base::BootTime at = *kind.unwatched_since + kLongUnwatched;
    if (at > now && (!next || at < *next)) next = at;
  }
  return next;
}

std::string Health::troubles() const {
  std::map<std::string, std::vector<std::string>> names;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (kinds_[kind].trouble) names[kinds_[kind].trouble->text].emplace_back(resources()[kind].name);
  std::vector<std::string> parts;
  for (const auto& [text, kinds] : names)
    parts.push_back((kinds.size() == decode::kKindCount ? "" : base::join(kinds, ", ") + ": ") + text);
  return base::join(parts, "; ");
}

std::string Health::why() const {
  std::string texts = troubles();
  return texts.empty() ? "it has not said all of it yet" : texts;
}

model::SourceStatus Health::status(const Collection& collection, std::optional<int64_t> kept_age, base::BootTime now) const {
  model::SourceStatus status{model::SourceId::kObjects, false, server_ + ": ", false};
  size_t planned = kinds_that([](size_t kind) { return resources()[kind].planned; });
  size_t complete = kinds_that([&](size_t kind) { return resources()[kind].planned && collection.is_complete(kind); });
  size_t known = kinds_that([&](size_t kind) { return resources()[kind].planned && collection.is_known(kind); });
  status.synced = complete == planned;
  status.kept = !status.synced && known == planned;
  if (status.synced)
    status.text += counts(collection);
  else
    status.text += std::to_string(complete) + " of " + std::to_string(planned) + " kinds read";
  if (status.kept && kept_age)
    status.text += "; the kept state stands in, which last changed " + age_text(*kept_age) + ": " + counts(collection);
  if (std::string names = unwatched(now); !names.empty()) status.text += "; not watched for more than a minute: " + names;
  if (std::string texts = troubles(); !texts.empty()) status.text += "; " + texts;
  return status;
}

std::map<std::string, model::Problem> Health::problems(const model::SourceStatus& status, std::optional<int64_t> kept_age,
                                                       base::BootTime now) const {
  std::map<std::string, model::Problem> problems;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    const auto& trouble = kinds_[kind].trouble;
    if (!trouble || trouble->forbidden_verb.empty()) continue;
    std::string name(resources()[kind].name);
    problems["right to " + name] = {
        "API server", "does not let this node " + trouble->forbidden_verb + " " + name + ": " + trouble->text,
        "if it lasts, apply machineconfig/manifests/rbac.yaml, which gives get, list and watch; an API server that has just started "
        "refuses too"};
  }
  if (status.kept && kept_age)
    problems["kept"] = {
        "API server", "Services, slices and nodes are those of an earlier run, which last changed " + age_text(*kept_age) + ": " + why(),
        "nothing is removed until the API server has answered"};
  if (std::string names = unwatched(now); !names.empty())
    problems[server_answers() ? model::kUnwatched : "away"] = {
        "API server", "what becomes of " + names + " has not been seen for more than a minute: " + why(),
        "what was known before stays in force; look at the API server, and at this node's way to it"};
  if (file_problem_) problems["kept file"] = *file_problem_;
  return problems;
}

std::vector<model::Change> Health::changes(const Collection& collection, std::optional<int64_t> kept_age, base::BootTime now) {
  std::vector<model::Change> changes;
  auto present = status(collection, kept_age, now);
  auto wanted = problems(present, kept_age, now);
  for (const auto& [key, problem] : wanted) {
    auto reported = reported_problems_.find(key);
    if (reported == reported_problems_.end() || reported->second != problem)
      changes.push_back(model::put_problem(model::Origin::kObjects, key, problem));
  }
  for (const auto& [key, problem] : reported_problems_)
    if (!wanted.contains(key)) changes.push_back(model::gone_problem(model::Origin::kObjects, key));
  if (present != reported_status_) changes.push_back(model::put(present));
  reported_status_ = std::move(present);
  reported_problems_ = std::move(wanted);
  return changes;
}

}  // namespace sources::api_server
