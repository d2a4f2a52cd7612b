#include "sources/api_server/collection.h"

#include "sources/api_server/resources.h"
#include "sources/decode/row_change.h"

namespace sources::api_server {

void Collection::take(size_t kind, Event event) {
  std::visit([&](auto& content) { apply(kind, std::move(content)); }, event);
}

void Collection::apply(size_t kind, Began) {
  states_[kind].coming = true;
  states_[kind].unidentified = false;
  states_[kind].seen.clear();
}

void Collection::apply(size_t kind, Put put) {
  const decode::ObjectId id{kind, put.key};
  set_problem(id, put.left_out.empty() ? std::nullopt : std::optional(decode::left_out_problem(id, put.left_out)));
  if (states_[kind].coming) states_[kind].seen.insert(put.key);
  const auto* before = rows_[kind].find(put.key);
  if (before && decode::same(*before, put.row)) return;
  if (resources()[kind].planned) ++revision_;
  changes_.push_back(decode::put_change(put.key, put.row));
  rows_[kind] = std::move(rows_[kind]).set(put.key, std::move(put.row));
}

void Collection::apply(size_t kind, const Gone& gone) {
  states_[kind].seen.erase(gone.key);
  remove(kind, gone.key);
}

void Collection::apply(size_t kind, const Broken& broken) {
  if (!broken.id) {
    states_[kind].unidentified = true;
    set_problem({kind, ""}, model::Problem{std::string(resources()[kind].name), broken.text, "look at the API server's log"});
    return;
  }
  if (states_[kind].coming) states_[kind].seen.insert(broken.id->key);
  set_problem(*broken.id, model::Problem{decode::to_string(*broken.id), broken.text,
                                         "correct it; what it said before, if anything, stays in force until then"});
}

void Collection::apply(size_t kind, Complete) {
  State& state = states_[kind];
  state.complete = true;
  state.coming = false;
  auto seen = std::exchange(state.seen, {});
  // What could not be read may be any of those that seem to be gone.
  if (state.unidentified) return;
  set_problem({kind, ""}, std::nullopt);
  std::vector<std::string> left;
  for (const auto& [key, row] : rows_[kind])
    if (!seen.contains(key)) left.push_back(key);
  for (const auto& [id, problem] : problems_)
    if (id.kind == kind && !seen.contains(id.key)) left.push_back(id.key);
  for (const auto& key : left) remove(kind, key);
}

void Collection::remove(size_t kind, const std::string& key) {
  set_problem({kind, key}, std::nullopt);
  const auto* before = rows_[kind].find(key);
  if (!before) return;
  changes_.push_back(decode::gone_change(key, *before));
  rows_[kind] = std::move(rows_[kind]).erase(key);
  revision_ += resources()[kind].planned;
}

void Collection::stand_in(size_t kind, const KindRows& rows) {
  if (states_[kind].complete || std::exchange(states_[kind].stood_in, true)) return;
  for (const auto& [key, row] : rows) {
    if (rows_[kind].find(key)) continue;
    changes_.push_back(decode::put_change(key, row));
    rows_[kind] = std::move(rows_[kind]).set(key, row);
  }
}

void Collection::set_problem(const decode::ObjectId& id, std::optional<model::Problem> problem) {
  const std::string name = decode::to_string(id);
  if (!problem) {
    if (problems_.erase(id)) changes_.push_back(model::gone_problem(model::Origin::kObjects, name));
    return;
  }
  auto& reported = problems_[id];
  if (reported == *problem) return;
  reported = *problem;
  changes_.push_back(model::put_problem(model::Origin::kObjects, name, std::move(*problem)));
}

std::vector<model::Change> Collection::changes() { return std::exchange(changes_, {}); }

}  // namespace sources::api_server
