// Which keys of which feature are to be planned: those whose inputs changed, and those that asked to be woken.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "plan/plan.h"

namespace engine {

class Agenda {
 public:
  explicit Agenda(size_t features) : due_(features) {}

  plan::Keys& due(size_t feature) { return due_[feature]; }
  // In place of an earlier wish of that key; nullopt: none.
  void wake_at(size_t feature, const std::string& key, std::optional<base::BootTime> at) {
    Item item{feature, key};
    if (auto old = wakes_.find(item); old != wakes_.end()) {
      by_time_.erase({old->second, item});
      wakes_.erase(old);
    }
    if (!at) return;
    by_time_.insert({*at, item});
    wakes_.emplace(std::move(item), *at);
  }
  // Those that asked for it are due from now on.
  void wake(base::BootTime now) {
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      const auto& [feature, key] = by_time_.begin()->second;
      due_[feature].insert(key);
      wakes_.erase(by_time_.begin()->second);
      by_time_.erase(by_time_.begin());
    }
  }
  // `now` while a key is due.
  std::optional<base::BootTime> next(base::BootTime now) const {
    for (const auto& keys : due_)
      if (!keys.empty()) return now;
    return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
  }

 private:
  using Item = std::pair<size_t, std::string>;

  std::vector<plan::Keys> due_;  // by feature
  std::map<Item, base::BootTime> wakes_;
  std::set<std::pair<base::BootTime, Item>> by_time_;
};

}  // namespace engine
