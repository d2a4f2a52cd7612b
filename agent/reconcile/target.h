// One kind of desired row against its store: keeps what is wanted and what is there, and writes the difference. What is there changes
// in memory only after the store accepted a write, and before the store could be read nothing is written.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "io/store.h"
#include "model/effect.h"
#include "reconcile/claims.h"

namespace reconcile {

struct Counters {
  uint64_t writes = 0;
  uint64_t failed_writes = 0;
};

template <class Row>
class Target {
 public:
  using RowPtr = std::shared_ptr<const Row>;

  explicit Target(std::unique_ptr<io::Store<Row>> store) : store_(std::move(store)) {}

  void replace_claims(const model::Owner& owner, std::vector<RowPtr> rows) {
    for (auto& key : claims_.replace(owner, std::move(rows))) touch(node_of(key));
  }

  // Reads the store again; whatever differs from memory is put right in the next apply. Failed rows are tried again at once. A store
  // that cannot be read is read again by and by: see next_read().
  void read_actual(base::BootTime now) {
    auto rows = store_->list();
    if (!rows.ok()) {
      unreadable_ = rows.error().text;
      next_read_ = now + kRetry.after(++failed_reads_);
      return;
    }
    unreadable_.clear();
    next_read_.reset();
    failed_reads_ = 0;
    readable_ = true;
    adopt(std::move(*rows));
  }
  std::optional<base::BootTime> next_read() const { return next_read_; }
  const std::string& unreadable() const { return unreadable_; }  // why; "" when the last reading succeeded

  // Additions and changes, in the order in which they were asked for.
  void put_due(base::BootTime now, Counters& counters) {
    if (!readable_) return;
    for (auto& ended : store_->concluded()) conclude_pending(ended, now, counters);
    for (Node* node : take_touched(now)) put(*node, now, counters);
  }

  // Removes at most `limit` rows that nobody wants. Returns whether more are due.
  bool remove_due(base::BootTime now, size_t limit, Counters& counters) {
    for (auto it = removable_.begin(); it != removable_.end();) {
      State& state = (*it)->second;
      if (state.failure && state.failure->next_try > now) {
        ++it;
        continue;
      }
      if (limit-- == 0) return true;
      auto result = store_->remove(state.actual ? *state.actual : *state.pending);
      if (!conclude(**it, nullptr, result, now, counters)) {
        ++it;
        continue;
      }
      state.actual.reset();
      state.pending.reset();
      settle(**it);
      it = removable_.erase(it);
    }
    return false;
  }

  bool has_removable() const { return !removable_.empty(); }

  // A row that failed to go and may not go now wakes nobody, nor does one that is under way again.
  std::optional<base::BootTime> next_retry(bool may_remove) const {
    std::optional<base::BootTime> next;
    if (!readable_) return next;
    for (const Node* node : failed_) {
      const RowPtr* wanted = claims_.find(node->first);
      const State& state = node->second;
      if ((may_remove || wanted) && !is_under_way(wanted, state) && (!next || state.failure->next_try < *next))
        next = state.failure->next_try;
    }
    return next;
  }

  // The first row that the owner asked for; null: none of this kind.
  RowPtr first_of(const model::Owner& owner) const {
    const auto& keys = claims_.keys_of(owner);
    return keys.empty() || *claims_.owner_of(keys.front()) != owner ? nullptr : *claims_.find(keys.front());
  }

  // nullopt: all that the owner asked for is in force; else the first reason, or "" while it is still to be written.
  std::optional<std::string> unsettled(const model::Owner& owner) const {
    for (const auto& key : claims_.keys_of(owner)) {
      if (*claims_.owner_of(key) != owner) return std::string(Row::kKind) + " " + key + " belongs to " + claims_.owner_of(key)->text();
      const State& state = states_.at(key);
      if (state.failure) return state.failure->error;
      if (!in_force(claims_.find(key), state)) return "";
    }
    return std::nullopt;
  }

  // Changes of effects since the last call.
  void report(model::Table<model::Effect>& effects, model::Table<model::KeyProblems>& problems) {
    for (Node* node : std::exchange(reported_, {})) {
      auto& [key, state] = *node;
      state.reported = false;
      const RowPtr* wanted = claims_.find(key);
      report_conflict(key, problems);
      if (!wanted && !state.actual) {
        effects.erase(key);
        if (!state.pending && !state.failure && !state.touched && !removable_.contains(node)) states_.erase(std::string(key));
        continue;
      }
      model::Effect effect{wanted ? *claims_.owner_of(key) : model::Owner(), wanted ? *wanted : nullptr, outcome(wanted, state),
                           state.actual};
      effects.set(key, std::make_shared<const model::Effect>(std::move(effect)));
    }
  }

 private:
  static constexpr base::Backoff kRetry{};

  struct Failure {
    std::string error;
    uint32_t attempts = 0;
    base::BootTime next_try{};
    RowPtr tried{};  // what the failed write wanted: a new wish does not wait for the backoff
  };
  // What is known of a key besides who claims it. Lives until its end has been reported.
  struct State {
    RowPtr actual;   // what is there, as far as is known
    RowPtr pending;  // under way: sent, and not known to be there
    std::optional<Failure> failure;
    bool touched = false, reported = false;  // it is in that list
  };
  using Node = std::pair<const std::string, State>;  // its place does not change

  Node& node_of(const std::string& key) { return *states_.try_emplace(key).first; }

  void put(Node& node, base::BootTime now, Counters& counters) {
    State& state = node.second;
    const RowPtr* wanted = claims_.find(node.first);
    if (!wanted && (state.actual || state.pending)) {
      removable_.insert(&node);
      return;
    }
    removable_.erase(&node);
    if (!wanted) return settle(node);
    if (is_under_way(wanted, state)) return;
    if (in_force(wanted, state) || (!state.actual && store_->holds(**wanted))) {
      store_->recognise(**wanted);
    } else {
      auto result = store_->put(**wanted, state.actual.get());
      if (!result.ok() && result.error().code == io::kUnderWay) {
        state.pending = *wanted;
        return to_report(node);
      }
      if (!conclude(node, wanted, result, now, counters)) return;
    }
    state.actual = *wanted;
    settle(node);
  }

  void adopt(std::vector<Row> rows) {
    std::unordered_set<const Node*> found;
    for (auto& row : rows) {
      Node& node = node_of(row.key());
      found.insert(&node);
      RowPtr& actual = node.second.actual;
      if (actual && *actual == row) continue;  // what is known knows more than the kernel tells
      actual = std::make_shared<const Row>(std::move(row));
      touch(node);
    }
    for (Node& node : states_) {
      if (node.second.actual && !found.contains(&node)) node.second.actual.reset(), touch(node);
      if (node.second.failure) node.second.failure->next_try = {}, touch(node);
    }
  }
  // What is wanted has been sent, and its end is not known.
  static bool is_under_way(const RowPtr* wanted, const State& state) { return wanted && state.pending && *state.pending == **wanted; }
  // What was sent may not be what is wanted by now.
  void conclude_pending(const io::Conclusion<Row>& ended, base::BootTime now, Counters& counters) {
    auto found = states_.find(ended.row.key());
    if (found == states_.end() || !found->second.pending) return;  // withdrawn meanwhile
    Node& node = *found;
    State& state = node.second;
    const bool latest = *state.pending == ended.row;
    if (!latest && !ended.result.ok()) return;
    if (latest) state.pending.reset();
    touch(node);
    const RowPtr* wanted = claims_.find(node.first);
    if (!ended.result.ok() && !wanted) return;  // nobody wants it any more
    if (!conclude(node, wanted, ended.result, now, counters)) return;
    state.actual = std::make_shared<const Row>(ended.row);
    settle(node);
  }

  void to_report(Node& node) {
    if (!std::exchange(node.second.reported, true)) reported_.push_back(&node);
  }
  void touch(Node& node) {
    if (!std::exchange(node.second.touched, true)) touched_.push_back(&node);
    to_report(node);
  }
  std::vector<Node*> take_touched(base::BootTime now) {
    auto due = std::exchange(touched_, {});
    for (Node* node : failed_)
      if (!node->second.touched && node->second.failure->next_try <= now && claims_.find(node->first)) due.push_back(node);
    for (Node* node : due) node->second.touched = false;
    if (!failed_.empty()) std::erase_if(due, [&](const Node* node) { return node->second.failure && is_waiting(*node, now); });
    return due;
  }
  bool is_waiting(const Node& node, base::BootTime now) const {
    const RowPtr* wanted = claims_.find(node.first);
    const Failure& failure = *node.second.failure;
    return failure.next_try > now && wanted && failure.tried == *wanted;
  }
  // A row with a fresh namespace must be made even where an old link by that name compares equal.
  static bool in_force(const RowPtr* wanted, const State& state) {
    if (!wanted || !state.actual || !(*state.actual == **wanted)) return false;
    if constexpr (Row::kFacts.made_in == model::desired::MadeIn::kPodNamespace)
      return !(*wanted)->netns || state.actual->netns == (*wanted)->netns;
    return true;
  }
  bool conclude(Node& node, const RowPtr* wanted, const base::Result<void>& result, base::BootTime now, Counters& counters) {
    to_report(node);
    if (result.ok()) {
      ++counters.writes;
      return true;
    }
    ++counters.failed_writes;
    if (!node.second.failure) node.second.failure.emplace();
    Failure& failure = *node.second.failure;
    failure.error = result.error().text;
    failure.next_try = now + kRetry.after(++failure.attempts);
    if (wanted) failure.tried = *wanted;
    failed_.insert(&node);
    return false;
  }
  void settle(Node& node) {
    if (node.second.failure) failed_.erase(&node);
    node.second.failure.reset();
    to_report(node);
  }
  static model::Outcome outcome(const RowPtr* wanted, const State& state) {
    if (const auto& failure = state.failure) return {model::OutcomeState::kFailed, failure->error, failure->attempts, failure->next_try};
    const bool done = wanted ? in_force(wanted, state) : bool(state.actual);
    return {done ? model::OutcomeState::kDone : model::OutcomeState::kPending, "", 0, {}};
  }
  void report_conflict(const std::string& key, model::Table<model::KeyProblems>& problems) {
    const auto losers = claims_.losers(key);
    const std::string thing = std::string(Row::kKind) + " " + key;
    model::KeyProblems conflict;
    for (const auto& loser : losers)
      conflict.problems.push_back(
          {loser.text(), thing + " is already taken by " + claims_.owner_of(key)->text(), "change or remove one of the two"});
    if (!losers.empty()) {
      const std::string more = losers.size() > 1 ? " and " + std::to_string(losers.size() - 1) + " more" : "";
      conflict.problems.push_back({claims_.owner_of(key)->text(),
                                   thing + " is also asked for by " + losers.front().text() + more + ", in vain",
                                   "change or remove one of the two"});
    }
    if (conflict.problems.empty())
      problems.erase("conflict " + thing);
    else
      problems.set("conflict " + thing, std::make_shared<const model::KeyProblems>(std::move(conflict)));
  }

  std::unique_ptr<io::Store<Row>> store_;
  Claims<Row> claims_;
  std::unordered_map<std::string, State> states_;
  bool readable_ = false;  // it has been read once
  std::string unreadable_;
  std::optional<base::BootTime> next_read_;
  uint32_t failed_reads_ = 0;
  std::vector<Node*> touched_, reported_;
  std::unordered_set<Node*> removable_, failed_;
};

}  // namespace reconcile
