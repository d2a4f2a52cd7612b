#include "sources/api_server/health.h"

#include <algorithm>

#include "base/text.h"
#include "sources/api_server/resources.h"

namespace sources::api_server {
namespace {

std::string age_text(int64_t seconds) {
  if (seconds < 0) return "of unknown age (the clock was set back)";
  if (seconds < 120) return std::to_string(seconds) + " s old";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min old";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h old";
  return std::to_string(seconds / 86400) + " days old";
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

void Health::take(size_t kind, const Event& event) {
  if (std::holds_alternative<Answered>(event)) troubles_[kind].reset();
  if (const auto* trouble = std::get_if<Trouble>(&event)) {
    troubles_[kind] = *trouble;
    failed_[kind] = true;
  }
}

bool Health::in_trouble() const {
  return std::any_of(troubles_.begin(), troubles_.end(), [](const auto& trouble) { return trouble.has_value(); });
}

std::string Health::troubles() const {
  std::map<std::string, std::vector<std::string>> names;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind)
    if (troubles_[kind]) names[troubles_[kind]->text].emplace_back(resources()[kind].name);
  std::vector<std::string> parts;
  for (const auto& [text, kinds] : names)
    parts.push_back((kinds.size() == decode::kKindCount ? "" : base::join(kinds, ", ") + ": ") + text);
  return base::join(parts, "; ");
}

model::SourceStatus Health::status(const Collection& collection, std::optional<int64_t> kept_age) const {
  model::SourceStatus status{model::SourceId::kObjects, false, server_ + ": ", false};
  size_t complete = kinds_that([&](size_t kind) { return collection.is_complete(kind); });
  size_t known = kinds_that([&](size_t kind) { return collection.is_complete(kind) || collection.stood_in(kind); });
  status.synced = complete == decode::kKindCount;
  status.kept = !status.synced && known == decode::kKindCount;
  if (status.synced)
    status.text += counts(collection);
  else
    status.text += std::to_string(complete) + " of " + std::to_string(decode::kKindCount) + " kinds read";
  if (status.kept && kept_age) status.text += "; the kept state stands in, " + age_text(*kept_age) + ": " + counts(collection);
  if (in_trouble()) status.text += "; " + troubles();
  return status;
}

std::map<std::string, model::Problem> Health::problems(const model::SourceStatus& status, std::optional<int64_t> kept_age) const {
  std::map<std::string, model::Problem> problems;
  for (size_t kind = 0; kind < decode::kKindCount; ++kind) {
    if (!troubles_[kind] || troubles_[kind]->forbidden_verb.empty()) continue;
    std::string name(resources()[kind].name);
    problems["right to " + name] = {
        "API server", "does not let this node " + troubles_[kind]->forbidden_verb + " " + name + ": " + troubles_[kind]->text,
        "if it lasts, apply machineconfig/manifests/rbac.yaml, which gives get, list and watch; an API server that has just started "
        "refuses too"};
  }
  if (status.kept && kept_age)
    problems["kept"] = {"API server", "Services, slices and nodes are those of an earlier run, " + age_text(*kept_age) + ": " + troubles(),
                        "nothing is removed until the API server has answered"};
  if (file_problem_) problems["kept file"] = *file_problem_;
  return problems;
}

std::vector<model::Change> Health::changes(const Collection& collection, std::optional<int64_t> kept_age) {
  std::vector<model::Change> changes;
  auto now = status(collection, kept_age);
  auto wanted = problems(now, kept_age);
  for (const auto& [key, problem] : wanted) {
    auto told = told_problems_.find(key);
    if (told == told_problems_.end() || told->second != problem)
      changes.push_back(model::put_problem(model::Origin::kObjects, key, problem));
  }
  for (const auto& [key, problem] : told_problems_)
    if (!wanted.contains(key)) changes.push_back(model::gone_problem(model::Origin::kObjects, key));
  if (now != told_status_) changes.push_back(model::put(now));
  told_status_ = std::move(now);
  told_problems_ = std::move(wanted);
  return changes;
}

}  // namespace sources::api_server
