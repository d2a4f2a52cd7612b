// One kind of desired row against its store: keeps what is wanted and what is there, and writes the difference. What is there changes
// in memory only after the store accepted a write, and before the store could be read nothing is written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
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
    for (auto& key : claims_.replace(owner, std::move(rows))) touch(key);
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
    for (auto& key : take_touched(now)) {
      const RowPtr* wanted = claims_.find(key);
      auto actual = actual_.find(key);
      if (!wanted) {
        if (actual != actual_.end() || pending_.contains(key)) {
          removable_.insert(key);
        } else {
          removable_.erase(key);
          settle(key);
        }
        continue;
      }
      removable_.erase(key);
      if (is_under_way(key)) continue;
      if (in_force(key) || (actual == actual_.end() && store_->holds(**wanted))) {
        store_->recognise(**wanted);
        actual_[key] = *wanted;
        settle(key);
        continue;
      }
      auto result = store_->put(**wanted, actual == actual_.end() ? nullptr : actual->second.get());
      if (!result.ok() && result.error().code == io::kUnderWay) {
        pending_[key] = *wanted;
        reported_.insert(key);
        continue;
      }
      if (!conclude(key, result, now, counters)) continue;
      actual_[key] = *wanted;
      settle(key);
    }
  }

  // Removes at most `limit` rows that nobody wants. Returns whether more are due.
  bool remove_due(base::BootTime now, size_t limit, Counters& counters) {
    for (auto it = removable_.begin(); it != removable_.end();) {
      auto failure = failures_.find(*it);
      if (failure != failures_.end() && failure->second.next_try > now) {
        ++it;
        continue;
      }
      if (limit-- == 0) return true;
      std::string key = *it;
      it = removable_.erase(it);
      auto actual = actual_.find(key);
      auto result = store_->remove(actual != actual_.end() ? *actual->second : *pending_.at(key));
      if (!conclude(key, result, now, counters)) {
        it = removable_.insert(key).first;
        ++it;
        continue;
      }
      actual_.erase(key);
      pending_.erase(key);
      settle(key);
    }
    return false;
  }

  bool has_removable() const { return !removable_.empty(); }

  // A row that failed to go and may not go now wakes nobody, nor does one that is under way again.
  std::optional<base::BootTime> next_retry(bool may_remove) const {
    std::optional<base::BootTime> next;
    if (!readable_) return next;
    for (const auto& [key, failure] : failures_)
      if ((may_remove || claims_.find(key)) && !is_under_way(key) && (!next || failure.next_try < *next)) next = failure.next_try;
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
      auto failure = failures_.find(key);
      if (failure != failures_.end()) return failure->second.error;
      if (!in_force(key)) return "";
    }
    return std::nullopt;
  }

  // Changes of effects since the last call.
  void report(model::Table<model::Effect>& effects, model::Table<model::KeyProblems>& problems) {
    for (const auto& key : reported_) {
      const RowPtr* wanted = claims_.find(key);
      auto actual = actual_.find(key);
      report_conflict(key, problems);
      if (!wanted && actual == actual_.end()) {
        effects.erase(key);
        continue;
      }
      model::Effect effect{wanted ? *claims_.owner_of(key) : model::Owner(), wanted ? *wanted : nullptr, outcome(key),
                           actual == actual_.end() ? nullptr : actual->second};
      effects.set(key, std::make_shared<const model::Effect>(std::move(effect)));
    }
    reported_.clear();
  }

 private:
  static constexpr base::Backoff kRetry{};

  struct Failure {
    std::string error;
    uint32_t attempts = 0;
    base::BootTime next_try{};
  };

  void adopt(std::vector<Row> rows) {
    std::unordered_map<std::string, RowPtr> found;
    for (auto& row : rows) {
      std::string key = row.key();
      found[key] = std::make_shared<const Row>(std::move(row));
    }
    for (auto& [key, row] : found) {
      auto known = actual_.find(key);
      if (known == actual_.end() || !(*known->second == *row))
        touch(key);
      else
        row = known->second;  // it knows more than the kernel tells
    }
    for (const auto& [key, row] : actual_)
      if (!found.contains(key)) touch(key);
    actual_ = std::move(found);
    for (auto& [key, failure] : failures_) failure.next_try = {}, touch(key);
  }
  // What is wanted has been sent, and its end is not known.
  bool is_under_way(const std::string& key) const {
    const RowPtr* wanted = claims_.find(key);
    auto pending = pending_.find(key);
    return wanted && pending != pending_.end() && *pending->second == **wanted;
  }
  // What was sent may not be what is wanted by now.
  void conclude_pending(const io::Conclusion<Row>& ended, base::BootTime now, Counters& counters) {
    const std::string key = ended.row.key();
    auto pending = pending_.find(key);
    if (pending == pending_.end()) return;  // withdrawn meanwhile
    const bool latest = *pending->second == ended.row;
    if (!latest && !ended.result.ok()) return;
    if (latest) pending_.erase(pending);
    touch(key);
    if (!ended.result.ok() && !claims_.find(key)) return;  // nobody wants it any more
    if (!conclude(key, ended.result, now, counters)) return;
    actual_[key] = std::make_shared<const Row>(ended.row);
    failures_.erase(key);
    tried_.erase(key);
  }

  void touch(const std::string& key) {
    if (touched_set_.insert(key).second) touched_.push_back(key);
    reported_.insert(key);
  }
  std::vector<std::string> take_touched(base::BootTime now) {
    auto due = std::exchange(touched_, {});
    touched_set_.clear();
    std::unordered_set<std::string> seen(due.begin(), due.end());
    for (auto& [key, failure] : failures_)
      if (failure.next_try <= now && claims_.find(key) && seen.insert(key).second) due.push_back(key);
    std::erase_if(due, [&](const std::string& key) {
      auto failure = failures_.find(key);
      return failure != failures_.end() && failure->second.next_try > now && claims_.find(key) && unchanged_since_failure(key);
    });
    return due;
  }
  bool unchanged_since_failure(const std::string& key) const { return tried_.contains(key) && tried_.at(key) == *claims_.find(key); }
  // A row with a fresh namespace must be made even where an old link by that name compares equal.
  bool in_force(const std::string& key) const {
    const RowPtr* wanted = claims_.find(key);
    auto actual = actual_.find(key);
    if (!wanted || actual == actual_.end() || !(*actual->second == **wanted)) return false;
    if constexpr (Row::kFacts.made_in == model::desired::MadeIn::kPodNamespace)
      return !(*wanted)->netns || actual->second->netns == (*wanted)->netns;
    return true;
  }
  bool conclude(const std::string& key, const base::Result<void>& result, base::BootTime now, Counters& counters) {
    reported_.insert(key);
    if (result.ok()) {
      ++counters.writes;
      return true;
    }
    ++counters.failed_writes;
    Failure& failure = failures_[key];
    failure.error = result.error().text;
    failure.next_try = now + kRetry.after(++failure.attempts);
    if (const RowPtr* wanted = claims_.find(key)) tried_[key] = *wanted;
    return false;
  }
  void settle(const std::string& key) {
    failures_.erase(key);
    tried_.erase(key);
    reported_.insert(key);
  }
  model::Outcome outcome(const std::string& key) const {
    auto failure = failures_.find(key);
    if (failure != failures_.end())
      return {model::OutcomeState::kFailed, failure->second.error, failure->second.attempts, failure->second.next_try};
    const RowPtr* wanted = claims_.find(key);
    bool done = wanted ? in_force(key) : actual_.contains(key);
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
  std::unordered_map<std::string, RowPtr> actual_;
  std::unordered_map<std::string, RowPtr> pending_;  // under way: sent, and not known to be there
  bool readable_ = false;                            // it has been read once
  std::string unreadable_;
  std::optional<base::BootTime> next_read_;
  uint32_t failed_reads_ = 0;
  std::unordered_map<std::string, Failure> failures_;
  std::unordered_map<std::string, RowPtr> tried_;  // what the failed write wanted: a new wish does not wait for the backoff
  std::vector<std::string> touched_;
  std::unordered_set<std::string> touched_set_;
  std::unordered_set<std::string> removable_;
  std::unordered_set<std::string> reported_;
};

}  // namespace reconcile
